"""How far an effect differs between models: what a general statement has to carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from itc.claims._verdict import Unit, Verdict, combine, settled
from itc.stats.paired import LEVEL

FEWEST = 3  # models; from fewer no spread between them can be known


@dataclass(frozen=True)
class Spread:
    """``tau``: standard deviation of the models' true effects; ``low``, ``high``: 95 % prediction
    interval for the effect of one more such model; ``hinges_on``: models without which the word
    changes. NaN and empty with fewer than FEWEST models.
    """

    tau: float = np.nan
    low: float = np.nan
    high: float = np.nan
    hinges_on: tuple[str, ...] = ()


def between_models(part: Verdict) -> Spread:
    """Spread of a part's effect over its models.

    Method of moments: the variance of the models' mean effects has expectation
    tau^2 + mean variance - mean covariance of their errors; errors of models on common problems are
    correlated, so the covariance is not zero. The prediction interval reaches from the effect
    sqrt(m^2 + t_(M-1)^2 tau^2 (1 + 1/M)) down and up, m being the margin of the effect's own
    interval on that side (Higgins, Thompson and Spiegelhalter 2009, JRSS A 172:137, with M - 1
    degrees of freedom); so it is never narrower than that interval.
    """
    models = sorted({u.model for u in part.units})
    hinges = tuple(m for m in models if _changes(part, m)) if len(models) > 1 else ()
    if len(models) < FEWEST:
        return Spread(hinges_on=hinges)
    effects, errors = [], []
    for model in models:
        own = [u for u in part.units if u.model == model]
        effects.append(np.mean([u.effect for u in own]))
        errors.append(_errors(own))
    table = pd.concat(errors, axis=1).fillna(0.0).to_numpy()
    covariance = table.T @ table
    count = len(models)
    diagonal = np.trace(covariance) / count
    beside = (covariance.sum() - np.trace(covariance)) / (count * (count - 1))
    tau2 = max(float(np.var(effects, ddof=1) - diagonal + beside), 0.0)
    between = stats.t.ppf((1 + LEVEL) / 2, count - 1) ** 2 * tau2 * (1 + 1 / count)
    assert part.paired is not None, part.part
    own = [abs(float(end[0]) - part.effect) for end in part.paired.interval()]
    bound = 1.0 if all(u.bounded for u in part.units) else np.inf
    low = max(part.effect - np.hypot(own[0], np.sqrt(between)), -bound)
    high = min(part.effect + np.hypot(own[1], np.sqrt(between)), bound)
    return Spread(float(np.sqrt(tau2)), float(low), float(high), hinges)


def _errors(units: Sequence[Unit]) -> pd.Series:
    return pd.concat([u.influence / len(units) for u in units]).groupby(level=0).sum()


def _changes(part: Verdict, model: str) -> bool:
    """Whether the word would be another one without ``model``."""
    rest = tuple(u for u in part.units if u.model != model)
    if not rest:
        return True
    words = []
    for units, paired in ((part.units, part.paired), (rest, combine(rest, part.by_problems))):
        assert paired is not None, part.part
        low, high = (float(end[0]) for end in paired.interval())
        words.append(settled(replace(part, units=units), low, high))
    return words[0] != words[1]
