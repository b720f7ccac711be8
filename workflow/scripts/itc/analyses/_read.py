"""Read analysis tables, whose schemas are known once their modules are imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from itc import registry, tables


def read(path: str | Path) -> pd.DataFrame:
    """The analysis table that a file is named after, checked as by ``tables.read``."""
    name = Path(path).stem
    registry.load("analyses", name)  # registers its schema
    return tables.read(path, name)


def read_all(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Several analysis tables by name."""
    return {Path(path).stem: read(path) for path in paths}
