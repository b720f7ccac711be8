"""How well probabilities tell correct from incorrect responses, and how honest they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

BINS = 10


def auroc(score: np.ndarray, right: np.ndarray) -> float:
    """Probability that a correct response has the higher score, ties counting half.

    ``score`` (n,), ``right`` (n,) 0/1; NaN unless both outcomes occur.
    """
    right = np.asarray(right, bool)
    n1, n0 = right.sum(), (~right).sum()
    if n1 == 0 or n0 == 0:
        return np.nan
    ranks = stats.rankdata(score)
    return float((ranks[right].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def auroc_influence(score: np.ndarray, right: np.ndarray, problem: np.ndarray) -> np.ndarray:
    """Influence of every problem on ``auroc``, from placement values.

    Obuchowski (1997), Biometrics 53:567. Their squares sum, times P / (P - 1), to the variance of
    the AUROC clustered by problem.
    """
    right = np.asarray(right, bool)
    n1, n0 = right.sum(), (~right).sum()
    everyone, inside = stats.rankdata(score), np.empty(len(score))
    inside[right], inside[~right] = stats.rankdata(score[right]), stats.rankdata(score[~right])
    share = (everyone - inside) / np.where(right, n0, n1)  # of the other outcome that lies below
    placement = np.where(right, share, 1 - share)
    area = placement[right].mean()
    deviation = (placement - area) / np.where(right, n1, n0)
    return np.bincount(problem, deviation)


def within_auroc(score: np.ndarray, right: np.ndarray, problem: np.ndarray) -> np.ndarray:
    """AUROC of every problem with both outcomes; problems count once, whatever their draws.

    ``score`` (n,), ``right`` (n,) 0/1, ``problem`` (n,) codes; returns (problems with both,).
    """
    frame = pd.DataFrame({"score": score, "right": np.asarray(right, bool), "problem": problem})
    by = frame.groupby("problem", sort=False)
    ranks = by["score"].rank()
    n, n1 = by["right"].size(), by["right"].sum()
    total = (ranks * frame["right"]).groupby(frame["problem"], sort=False).sum()
    n0 = n - n1
    both = (n1 > 0) & (n0 > 0)
    result: np.ndarray = ((total - n1 * (n1 + 1) / 2) / (n1 * n0))[both].to_numpy()
    return result


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
