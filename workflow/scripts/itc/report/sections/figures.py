"""Figures whose SECTION names no section of this page: a new figure file is never lost."""

from __future__ import annotations

from itc.report.context import Context
from itc.report.page import Blocks

TITLE = "Further figures"
ORDER = 900
TABLES = ()


def build(context: Context) -> Blocks | None:
    """The homeless figures, if any."""
    found = context.drawings("figures")
    return Blocks(tuple(found)) if found else None
