"""The regressions by name, and the one call that never raises on bad data."""

from __future__ import annotations

from typing import Any

from itc.regression.conditional import fit_within
from itc.regression.design import Design
from itc.regression.fit import DROPPED, FAILED, FitError
from itc.regression.linear import fit_linear_within, fit_linear_within_draws
from itc.regression.mixed import fit_mixed
from itc.regression.pooled import fit_mundlak, fit_pooled

METHODS = {
    "pooled": fit_pooled,
    "within": fit_within,
    "mundlak": fit_mundlak,
    "mixed": fit_mixed,
    "linear_within": fit_linear_within,
    "linear_within_draws": fit_linear_within_draws,
}


def run(method: str, design: Design, features: tuple[str, ...]) -> list[dict[str, Any]]:
    """Records (see ``Fit.records``) for every one of ``features``; a failed fit says why."""
    try:
        return METHODS[method](design).records()
    except FitError as error:
        return [
            {
                "term": feature,
                "component": "total",
                "status": DROPPED if feature in design.dropped else FAILED,
                "reason": design.dropped.get(feature, str(error)),
                "converged": False,
                "n_responses": len(design.y),
                "n_problems": design.n_problems,
                "n_missing": design.n_missing,
            }
            for feature in features
        ]
