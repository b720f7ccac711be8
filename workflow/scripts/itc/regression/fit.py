"""What a fit returns: estimates, or the reason why there are none. Never a number that failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from itc.schemas import BOOL, FLOAT, INT, STRING

LEVEL = 0.95
OK, FAILED, DROPPED = "ok", "failed", "dropped"

COLUMNS = {
    "status": STRING,  # ok | failed | dropped
    "reason": STRING,  # why failed or dropped
    "converged": BOOL,
    "n_responses": INT,
    "n_problems": INT,  # that the fit used
    "n_missing": INT,  # responses left out because a feature is missing
    "coefficient": FLOAT,  # per standard deviation: log odds, or share for linear models
    "se": FLOAT,
    "low": FLOAT,
    "high": FLOAT,
    "p": FLOAT,
    "odds_ratio": FLOAT,
    "odds_ratio_low": FLOAT,
    "odds_ratio_high": FLOAT,
    "marginal_effect": FLOAT,  # average change of P(correct) per standard deviation
    "marginal_effect_low": FLOAT,
    "marginal_effect_high": FLOAT,
}


class FitError(Exception):
    """A fit cannot give numbers; the message is the reason that the table shows."""


@dataclass(frozen=True)
class Fit:
    """Estimates of one model.

    ``rows``: (term, component) of each of the k estimates, component ``total``, ``within`` or
    ``between``; ``coefficient``, ``se`` (k,); ``df`` degrees of freedom of Student's t;
    ``marginal``, ``marginal_se`` (k,) or None; ``logit``: coefficients are log odds.
    """

    rows: list[tuple[str, str]]
    coefficient: np.ndarray
    se: np.ndarray
    df: float
    n_responses: int
    n_problems: int
    logit: bool = True
    marginal: np.ndarray | None = None
    marginal_se: np.ndarray | None = None
    dropped: dict[str, str] = field(default_factory=dict)
    n_missing: int = 0

    def records(self) -> list[dict[str, Any]]:
        """One record per estimate with term, component and COLUMNS; dropped terms follow."""
        reach = stats.t.ppf((1 + LEVEL) / 2, self.df)
        b, se = self.coefficient, self.se
        columns = {
            "coefficient": b,
            "se": se,
            "low": b - reach * se,
            "high": b + reach * se,
            "p": 2 * stats.t.sf(np.abs(b / se), self.df),
        }
        if self.logit:
            for end, log_odds in (("", "coefficient"), ("_low", "low"), ("_high", "high")):
                columns[f"odds_ratio{end}"] = np.exp(columns[log_odds])
        if self.marginal is not None:
            columns["marginal_effect"] = self.marginal
            columns["marginal_effect_low"] = self.marginal - reach * self.marginal_se
            columns["marginal_effect_high"] = self.marginal + reach * self.marginal_se
        size = {
            "n_responses": self.n_responses,
            "n_problems": self.n_problems,
            "n_missing": self.n_missing,
        }
        done = [
            {"term": term, "component": component, "status": OK, "converged": True, **size}
            | {column: float(values[i]) for column, values in columns.items()}
            for i, (term, component) in enumerate(self.rows)
        ]
        gone = [
            {"term": term, "component": "total", "status": DROPPED, "reason": reason, **size}
            for term, reason in self.dropped.items()
        ]
        return done + gone
