"""How often does a claims board hold a wrong verdict, and what can it decide at all?

Simulated studies of known truth (``_worlds``: four models, two of them reasoning) go through the
strategies' and the claims' own code. A verdict of a part or of a claim is wrong if it is
*supported* where the true effect is below the smallest effect of interest d (or the mirror for
claims "at most d"), or *opposite* where the true effect does not lie at -d or below (at d or
above). The truth of a part is its effect in one large study; the values of a problem are unbiased,
so only their mean matters. Bars: at most 5 % of boards with a wrong verdict where nothing differs,
at most 10 % with effects as in the papers. Beside them the power: how often each claim's primary
endpoint came out as which word. Exits 1 where a bar is missed by more than the simulation error.

    python benchmarks/claims.py [--quick | --studies N]   # docs/methods.md: --studies 60
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

import _worlds as worlds
from itc.analyses import best_points
from itc.analyses import claims as board
from itc.stats.frontier import EVERY_POINT

BUDGETS = (1, 2, 4, 8)
SMALL, THREE, MANY = {"d": 15}, {"a": 30, "b": 15, "c": 15}, {"d": 200}
CELLS = (
    (worlds.EQUAL, SMALL, 0.05),
    (worlds.EQUAL, THREE, 0.05),
    (worlds.ACCURATE, SMALL, 0.05),
    (worlds.ACCURATE, THREE, 0.05),
    (worlds.PAPERS, SMALL, 0.10),
    (worlds.PAPERS, THREE, 0.10),
    (worlds.PAPERS, MANY, 0.10),
)
KEY = ["claim", "part"]


def study(world: worlds.World, problems: dict[str, int], rng: np.random.Generator) -> pd.DataFrame:
    """Table ``claims`` of one simulated study."""
    outcomes = worlds.outcomes(world, problems, rng)
    tables = {"outcomes": outcomes, "evaluations": worlds.evaluations(outcomes, BUDGETS)}
    return board.build(tables, world.settings)


def truths(world: worlds.World, n: int) -> pd.DataFrame:
    """Effects of one large study of n problems, by claim and part, with their errors."""
    table = study(world, {"d": n}, np.random.default_rng(99)).set_index(KEY)
    table["error"] = (table["high"] - table["low"]) / 4
    return table[["effect", "error", "smallest_effect", "kind"]]


def wrong(verdict: str, kind: str, effect: float, error: float, d: float) -> bool:
    """Whether a word is false; a truth within two errors of the border decides nothing."""
    slack = 2 * error
    if kind == "at most":
        if verdict == "supported":
            return effect - slack >= d
        return verdict == "opposite" and effect + slack < d
    if verdict == "supported":
        return effect + slack < d
    return verdict == "opposite" and effect - slack > -d


def choosing(problems: int, studies: int, large: int) -> np.ndarray:
    """Errors [studies, 2] of the best point of four equal models, as shares: its accuracy as shown
    by the problems that chose it, and its gain over one response as table ``best_points`` has it.

    Eleven strategies at one to eight draws; the truth is one study of ``large`` problems.
    """
    strategies = tuple(s for s in worlds.STRATEGIES if s not in ("coverage", "worst_of_n"))
    budgets = tuple(range(1, worlds.EQUAL.draws + 1))

    def evaluated(n: int, seed: int) -> pd.DataFrame:
        outcomes = worlds.outcomes(worlds.EQUAL, {"d": n}, np.random.default_rng(seed))
        return worlds.evaluations(outcomes, budgets, strategies)

    truth = evaluated(large, 99).groupby(["strategy", "budget"])["correct"].mean()
    errors = []
    for seed in range(studies):
        table = best_points.build({"evaluations": evaluated(problems, seed)}, worlds.EQUAL.settings)
        row = table.set_index("scope").loc[EVERY_POINT]
        true = truth[row["strategy"], row["budget"]]
        errors.append((row["shown"] - true, row["gain"] - (true - truth["single", 1])))
    return np.array(errors)


def main() -> int:
    """Print the table of boards and the table of power; the last line is JSON."""
    quick = "--quick" in sys.argv
    studies, large = (10, 400) if quick else (20, 1200)
    if "--studies" in sys.argv:
        studies = int(sys.argv[sys.argv.index("--studies") + 1])
    cells = CELLS[:2] if quick else CELLS
    start, missed, worst = time.process_time(), False, 0.0
    each = {world.name: world for world, _, _ in cells}
    known = {name: truths(world, large) for name, world in each.items()}
    for world, problems, bar in cells:
        truth = known[world.name]
        boards, parts = 0, Counter()
        words: dict[str, Counter[str]] = {}
        for s in range(studies):
            rng = np.random.default_rng([s, len(problems), sum(problems.values())])
            table = study(world, problems, rng)
            found = set()
            for row in table.to_dict("records"):
                t = truth.loc[(row["claim"], row["part"])]
                values = (t["kind"], t["effect"], t["error"], t["smallest_effect"])
                if wrong(row["verdict"], *values):
                    found.add((row["claim"], row["part"]))
                if (
                    row["primary"]
                    and wrong(row["claim_verdict"], *values)
                    and (table[(table["claim"] == row["claim"]) & table["primary"]].shape[0] == 1)
                ):
                    found.add((row["claim"], "claim"))
            boards += bool(found)
            parts.update(found)
            for claim, rows in table.groupby("claim"):
                words.setdefault(str(claim), Counter())[rows["claim_verdict"].iloc[0]] += 1
        rate = boards / studies
        error = np.sqrt(bar * (1 - bar) / studies)
        missed |= rate > bar + 1.64 * error
        worst = max(worst, rate / bar)
        size = "+".join(map(str, problems.values()))
        print(
            f"\n{world.name}, {size} problems, {studies} studies: {100 * rate:.1f} % of boards "
            f"hold a wrong verdict (bar {100 * bar:.0f} %, simulation error {100 * error:.1f})",
            flush=True,
        )
        for (claim, part), count in parts.most_common(6):
            print(f"    wrong: {claim}, {part}: {100 * count / studies:.1f} %")
        for claim, counted in sorted(words.items()):
            shares = ", ".join(f"{w} {100 * c / studies:.0f} %" for w, c in counted.most_common())
            print(f"    {claim}: {shares}")
    print("\nbest of all points of four equal models, errors in points (simulation error):")
    for n in () if quick else (15, 30):
        errors = 100 * choosing(n, studies // 2, large)
        mean, error = errors.mean(axis=0), errors.std(axis=0) / np.sqrt(len(errors))
        print(
            f"    {n} problems: accuracy as shown by the problems that chose it {mean[0]:+.1f} "
            f"({error[0]:.1f}), gain as reported {mean[1]:+.1f} ({error[1]:.1f}; bar 1)"
        )
        missed |= abs(mean[1]) > 1 + 1.64 * error[1]
    print(f"{time.process_time() - start:.0f} s CPU")
    result = {
        "name": "share of boards with a wrong verdict over its bar, worst world",
        "unit": "of the bar",
        "ours": round(worst, 3),
        "baseline": 1.0,
        "ratio": round(1.0 / max(worst, 1e-3), 2),
        "higher_is_better": False,
    }
    print(json.dumps(result))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
