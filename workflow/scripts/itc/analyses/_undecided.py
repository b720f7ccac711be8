"""The columns that every table with an accuracy carries about undecided answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from itc.analyses._points import Group
from itc.schemas import FLOAT
from itc.strategies._undecided import HIGH, LOW, SHARE

COLUMNS = {
    "undecided": FLOAT,  # share of the responses behind the accuracy that are undecided
    "undecided_low": FLOAT,  # accuracy if all of them were wrong, their votes moved as well
    "undecided_high": FLOAT,  # ... right
}
QUANTITIES = {"undecided": "undecided", "undecided_low": "lower", "undecided_high": "upper"}
EVALUATED = {"undecided": SHARE, "undecided_low": LOW, "undecided_high": HIGH}


def of_group(group: Group, chosen: np.ndarray | slice = slice(None)) -> dict[str, np.ndarray]:
    """COLUMNS (O,) of the operating points ``chosen`` of a group: shares of 0 to 1."""
    return {name: group.mean(quantity)[chosen] for name, quantity in QUANTITIES.items()}


def of_rows(values: dict[str, np.ndarray], rows: np.ndarray, chosen: np.ndarray) -> dict[str, Any]:
    """COLUMNS of some problems of one dataset: means of values [P, O] over ``rows``."""
    cells = np.ix_(rows, chosen)
    return {name: values[quantity][cells].mean(axis=0) for name, quantity in QUANTITIES.items()}


def of_values(values: pd.DataFrame) -> dict[str, float]:
    """COLUMNS of one operating point: means over its problems in table ``evaluations``."""
    return {name: float(values[column].mean()) for name, column in EVALUATED.items()}
