"""H4: correct responses of reasoning models are shorter than incorrect ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from itc.analyses._responses import length_column
from itc.claims import _association
from itc.claims._verdict import Verdict

TITLE = "Shorter is right"
STATEMENT = (
    "Correct responses of the reasoning models of this study are shorter than incorrect ones."
)
PRIMARY = "difference within the same question"
OVER = "smallest"
TABLES = ("outcomes",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Effect: ln(length) of incorrect minus correct responses, in tokens or else in words."""
    outcomes = tables["outcomes"]
    column = length_column(outcomes)
    if column is not None:
        length = outcomes[column].to_numpy(np.float64, na_value=np.nan)
        outcomes = outcomes.assign(log_length=np.log(np.where(length > 0, length, np.nan)))
    return _association.assess(outcomes, settings, "log_length", -1.0, about)
