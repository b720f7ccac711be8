"""Do measures of out-of-sample prediction hold? Simulated studies in which features say nothing.

Each study has problems of widely differing difficulty, 8 responses each and three features that are
noise, or one that has an effect. Predictions are cross-fitted with the code of table `prediction`.
Exits 1 where, without effects, the mean AUROC leaves .5 by more than .015 (15 problems) or .01 (30,
100), an AUROC interval lies wholly below .5 in more than 5 % of the studies, or an interval within
questions misses .5 in more than 6 % (each with two standard errors of the simulation).

    python benchmarks/prediction.py [--quick]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc.analyses.prediction import measures
from itc.regression.cross_validation import cross_fitted

DRAWS = 8
SETTINGS = ((15, 0.0), (30, 0.0), (100, 0.0), (30, 0.3), (30, 1.0))  # problems, effect


def study(n_problems: int, effect: float, rng: np.random.Generator) -> dict[str, float]:
    """Row of the table for one simulated study."""
    problem = np.repeat(np.arange(n_problems), DRAWS)
    ability = rng.normal(0.3, 1.8, n_problems)[problem]
    x = rng.normal(size=(len(problem), 3))
    right = rng.random(len(problem)) < 1 / (1 + np.exp(-(ability + effect * x[:, 0])))
    y = right.astype(float)
    return measures(cross_fitted(x, y, problem.astype(str)), y, problem)


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    studies = 100 if "--quick" in sys.argv else 2000
    failed = False
    print("problems  effect   AUROC  below .5   within  misses .5")
    for n_problems, effect in SETTINGS:
        rows = [
            study(n_problems, effect, np.random.default_rng([n_problems, i]))
            for i in range(studies)
        ]
        area = np.array([row["auroc"] for row in rows])
        below = np.mean([row["auroc_high"] < 0.5 for row in rows])
        within = np.mean([row["within_auroc"] for row in rows])
        missed = np.mean(
            [not row["within_auroc_low"] <= 0.5 <= row["within_auroc_high"] for row in rows]
        )
        numbers = f"{area.mean():6.3f}  {below:8.1%}  {within:7.3f}  {missed:9.1%}"
        print(f"{n_problems:8d}  {effect:6.1f}  {numbers}", flush=True)
        if effect == 0:
            reach = (0.015 if n_problems == 15 else 0.01) + 2 * area.std() / np.sqrt(studies)
            noise = 2 * np.sqrt(0.05 * 0.95 / studies)
            failed |= (
                abs(area.mean() - 0.5) > reach or below > 0.05 + noise or missed > 0.06 + noise
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
