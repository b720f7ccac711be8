"""Every strategy that replays samples, with intervals: 9 models x 5 datasets x 500 x 256 draws.

5.76 million responses as outcome tables without text, one dataset after the other, each dataset's
strategies shared by two processes, as the workflow does on two cores. Measured: CPU time of all
processes, wall time, peak resident memory summed over the processes alive. Baseline: the same
strategies at one budget for one draw (first k responses), which is what the studied peers compute,
is another quantity; so the baseline here is the bar, 180 s of wall time on two cores. Exits 1 where
time or memory (3 GB) is missed. Strategies that read features (markers, regression) are left out.

    python benchmarks/strategies.py [--quick]
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc import registry
from itc.strategies._base import evaluate_strategy

BAR_SECONDS, BAR_BYTES = 180.0, 3e9
BUDGETS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
SCORES = (
    "cumulative_logprob",
    "confidence_mean",
    "confidence_tail",
    "confidence_lowest",
    "confidence_bottom10",
)


def outcomes(dataset: int, models: int, problems: int, draws: int) -> pd.DataFrame:
    """Outcome table of one dataset: right answers are shorter and more confident."""
    frames = []
    zipf = 1 / np.arange(1, 40) ** 1.2
    for model in range(models):
        rng = np.random.default_rng([dataset, model])
        ability = rng.beta(0.6 + 0.1 * model, 1.0, size=(problems, 1))
        right = rng.random((problems, draws)) < ability
        wrong = 1 + rng.choice(39, size=right.shape, p=zipf / zipf.sum())
        codes = np.where(right, 0, wrong)
        codes[rng.random(codes.shape) < 0.03] = -1
        right &= codes == 0
        codes, right, n = codes.ravel(), right.ravel(), codes.size
        frame = pd.DataFrame(
            {
                "dataset": f"d{dataset}",
                "model": f"m{model}",
                "procedure": "sample",
                "problem_id": np.repeat([f"p{i:04d}" for i in range(problems)], draws),
                "draw": np.tile(np.arange(draws, dtype=np.int32), problems),
                "round": np.int32(0),
                "answer_class": codes.astype(np.int32),
                "answer": np.where(codes >= 0, codes.astype(str), None),
                "verdict": np.where(right, "right", "wrong"),
                "n_prompt_tokens": np.int32(80),
                "n_output_tokens": rng.lognormal(7 - 0.4 * right, 0.5, n).astype(np.int32) + 1,
            }
        )
        for column in SCORES:
            frame[column] = rng.normal(10 + right, 1.0, n)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


FRAME: pd.DataFrame | None = None  # shared with forked workers


def evaluate(task: tuple[str, list[int]]) -> tuple[str, float, pd.DataFrame, int]:
    """One strategy on the shared frame; CPU seconds, values, peak memory of this process."""
    name, budgets = task
    start = time.process_time()
    assert FRAME is not None
    values = evaluate_strategy(name, FRAME, budgets, seed=1)
    spent = time.process_time() - start
    return name, spent, values, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Print CPU seconds per strategy and the result as one JSON object."""
    global FRAME
    quick = "--quick" in sys.argv
    models, datasets, problems, draws = (2, 1, 60, 64) if quick else (9, 5, 500, 256)
    budgets = [k for k in BUDGETS if k <= draws]
    names = [
        name
        for name in registry.names("strategies")
        if registry.constants("strategies", name)["PROCEDURE"] == "sample"
        and not name.startswith(("marker", "regression"))
    ]
    warm = outcomes(0, 2, 3, 8)
    for name in names:  # compile
        evaluate_strategy(name, warm, [1, 2, 8], seed=1)
    curves = registry.load("analyses", "curves")
    settings = {"seed": 1, "bootstrap": 2000, "models": {}}
    seconds: dict[str, float] = {}
    peaks: list[int] = []
    wall = 0.0
    points = 0
    for dataset in range(datasets):
        FRAME = outcomes(dataset, models, problems, draws)
        start = time.perf_counter()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results = pool.map(evaluate, [(name, budgets) for name in names], chunksize=1)
        for name, spent, _, _ in results:
            seconds[name] = seconds.get(name, 0.0) + spent
        peaks.append(2 * max(peak for *_, peak in results))
        begun = time.process_time()
        table = curves.build({"evaluations": pd.concat([r[2] for r in results])}, settings)
        seconds["curves"] = seconds.get("curves", 0.0) + time.process_time() - begun
        points += len(table)
        wall += time.perf_counter() - start
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"{name:24s} {spent:8.2f} s CPU")
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    total = sum(seconds.values())
    print(f"{points} operating points with intervals; {total:.1f} s CPU, {wall:.1f} s wall")
    print(
        f"peak memory: two workers {max(peaks[:-1]) / 1e9:.2f} GB, parent {peaks[-1] / 1e9:.2f} GB"
    )
    on_two_cores = total / 2
    result = {
        "name": f"{len(names)} strategies, {models * datasets * problems * draws} draws, 2 cores",
        "unit": "s (CPU of all processes / 2)",
        "ours": round(on_two_cores, 1),
        "baseline": BAR_SECONDS,
        "ratio": round(BAR_SECONDS / on_two_cores, 2),
        "higher_is_better": False,
    }
    print(json.dumps(result))
    return int(on_two_cores > BAR_SECONDS or max(peaks) > BAR_BYTES)


if __name__ == "__main__":
    sys.exit(main())
