"""Exact majority vote of 500 problems x 256 draws at 9 budgets, against recounting prefixes.

Baseline: what a well-known evaluation toolkit does for majority-at-k. For every k it counts the
votes of the first k samples anew, twice (once to find the winner, once for its correctness), in
Python: one draw per k, O(K^2) per problem. Ours is the exact expectation over all subsets.
Runs alternate, CPU time, medians. Exits 1 above 0.3 s.

    python benchmarks/majority.py [--quick]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc.estimators.majority import majority

BUDGETS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
BAR = 0.3  # seconds of CPU


def votes(problems: int, draws: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Right answers at a rate that varies over problems, wrong ones by a Zipf law."""
    rng = np.random.default_rng(seed)
    ability = rng.beta(1.0, 1.0, size=(problems, 1))
    zipf = 1 / np.arange(1, 40) ** 1.2
    wrong = 1 + rng.choice(39, size=(problems, draws), p=zipf / zipf.sum())
    codes = np.where(rng.random((problems, draws)) < ability, 0, wrong)
    credit = np.zeros((problems, 40))
    credit[:, 0] = 1.0
    return codes, credit


def prefix_recount(codes: list[list[int]], n_draws: int) -> list[float]:
    """Accuracy of the vote of the first k samples for every k, recounted from scratch."""
    totals = [0.0] * n_draws
    for answers in codes:
        for k in range(1, n_draws + 1):
            valid = [(answer, answer == 0) for answer in answers[:k] if answer is not None]
            majority_answer, _ = Counter(valid).most_common(1)[0][0]
            count = Counter(answer for answer, _ in valid)
            tied = [a for a in count if count[a] == count[majority_answer]]
            totals[k - 1] += sum(a == 0 for a in tied) / len(tied)
    return [total / len(codes) for total in totals]


def main() -> int:
    """Print a line per run and the result as one JSON object."""
    quick = "--quick" in sys.argv
    problems, draws = (50, 64) if quick else (500, 256)
    budgets = [k for k in BUDGETS if k <= draws]
    codes, credit = votes(problems, draws)
    majority(codes[:2], credit[:2], budgets)  # compile
    listed = codes.tolist()
    ours, baseline = [], []
    for run in range(3):
        start = time.process_time()
        exact = majority(codes, credit, budgets).mean(axis=0)
        ours.append(time.process_time() - start)
        start = time.process_time()
        prefix = prefix_recount(listed, draws)
        baseline.append(time.process_time() - start)
        print(f"run {run}: exact {ours[-1]:.4f} s, prefix recount {baseline[-1]:.2f} s")
    start = time.process_time()
    majority(codes, credit, list(range(1, draws + 1)))
    print(f"all {draws} budgets exact: {time.process_time() - start:.4f} s")
    deviation = max(abs(prefix[k - 1] - value) for k, value in zip(budgets, exact, strict=True))
    print(f"the one draw of the baseline is off by up to {100 * deviation:.2f} points")
    result = {
        "name": f"majority of {problems} problems x {draws} draws x {len(budgets)} budgets",
        "unit": "s CPU",
        "ours": round(statistics.median(ours), 4),
        "baseline": round(statistics.median(baseline), 3),
        "ratio": round(statistics.median(baseline) / statistics.median(ours), 1),
        "higher_is_better": False,
    }
    print(json.dumps(result))
    return int(result["ours"] > BAR)


if __name__ == "__main__":
    sys.exit(main())
