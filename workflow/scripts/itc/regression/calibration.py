"""How honest probabilities of being correct are: reliability, Brier score, calibration error."""

from __future__ import annotations

import numpy as np
import pandas as pd

BINS = 10


def reliability(probability: np.ndarray, right: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Reliability curve in ``bins`` equal-width bins of probability; empty bins are left out.

    ``probability`` (n,), ``right`` (n,) 0/1. Columns bin (0..bins-1), n, mean_probability,
    share_correct.
    """
    which = np.minimum((np.asarray(probability) * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"bin": which, "p": probability, "y": right})
    return (
        frame.groupby("bin")
        .agg(n=("y", "size"), mean_probability=("p", "mean"), share_correct=("y", "mean"))
        .reset_index()
    )


def brier(probability: np.ndarray, right: np.ndarray) -> float:
    """Mean squared difference between probability and outcome (Brier 1950)."""
    return float(np.mean((np.asarray(probability) - np.asarray(right)) ** 2))


def expected_calibration_error(curve: pd.DataFrame) -> float:
    """Mean distance of probability and share correct over the bins of ``reliability``."""
    gap = (curve["mean_probability"] - curve["share_correct"]).abs()
    return float((gap * curve["n"]).sum() / curve["n"].sum())
