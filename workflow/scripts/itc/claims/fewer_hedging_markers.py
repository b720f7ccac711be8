"""H5a: correct responses of reasoning models hedge less than incorrect ones."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims import _association
from itc.claims._verdict import Verdict

TITLE = "Fewer hedging markers"
STATEMENT = (
    "Correct responses of the reasoning models of this study hedge less than incorrect ones."
)
PRIMARY = "difference within the same question"
OVER = "smallest"
TABLES = ("outcomes",)
FEATURES = ("f_hedging_per_1000_words",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Effect: hits per 1,000 words, incorrect minus correct responses."""
    return _association.assess(tables["outcomes"], settings, FEATURES[0], -1.0, about)
