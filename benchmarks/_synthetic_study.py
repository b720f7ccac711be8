"""A synthetic study on disk: configuration, problems and response files without a journal.

Nine models, five datasets of 500 problems, one procedure. Better models are right more often, right
responses are shorter and more confident. Every 32nd draw has a text of realistic length: median
3,000 characters, 12,000 for reasoning models, with hedging and thinking markers in it; the
others end after a sentence, so that the study fits on one disk.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc import tables
from itc.config import read_config
from itc.grid import Grid
from itc.schemas import LOGPROBS
from snakemake.utils import update_config

REPO = Path(__file__).resolve().parents[1]
SHARD, LONG_EVERY = 32, 32
MODELS = {f"model-{i}": {"reasoning": i % 2 == 0, "parameters": 1.5e9 * 2**i} for i in range(9)}
DATASETS = {
    "sums": "number",
    "products": "number",
    "fractions": "math",
    "roots": "math",
    "options": "choice",
}
CHOICES = [f"Value {letter}" for letter in "abcd"]
SENTENCES = """
Let me think about this step by step.
The first term is clear.
Wait, that cannot be right.
Perhaps I should check the sign again.
So the remaining part has to be positive.
However, the problem asks for something else.
I am not sure that this holds for every value.
Let me verify with a small example.
Therefore both sides agree.
Alternatively, we could substitute and simplify.
Hmm, maybe the second case is different.
Now we add the two partial results.
This gives 3 * 14 = 42 for the inner bracket.
On the other hand, the denominator stays the same.
It might be easier to count from the end.
Because the order does not matter, we divide by two.
Actually, I made a mistake in the previous line.
Next, look at what is left.
The value is probably small.
Finally, we collect everything.
""".strip().splitlines()


def gold(dataset: str, problem: int) -> str:
    """The right answer of a problem."""
    return {
        "sums": str(problem * 3 + 1),
        "products": str(problem * 7),
        "fractions": rf"\frac{{{problem + 1}}}{{{problem + 2}}}",
        "roots": rf"{problem % 17 + 1}\sqrt{{{problem % 5 * 2 + 3}}}",
        "options": "ABCD"[problem % 4],
    }[dataset]


def wrong(dataset: str, problem: int, which: int) -> str:
    """One of 30 wrong answers of a problem."""
    return {
        "sums": str(problem * 3 + 2 + which),
        "products": str(problem * 7 - 1 - which),
        "fractions": rf"\frac{{{problem + 3 + which}}}{{{problem + 2}}}",
        "roots": rf"{problem % 17 + 2 + which}\sqrt{{{problem % 5 * 2 + 3}}}",
        "options": "ABCD"[(problem + 1 + which % 3) % 4],
    }[dataset]


def write_config(folder: Path, draws: int, problems: int) -> Path:
    """Configuration and problem files of a study below ``folder``; returns its config file."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in DATASETS:
        rows = [
            {
                "problem_id": f"p{i:04d}",
                "question": f"Problem {i} of {dataset}: what is its value?",
                "gold": gold(dataset, i),
                **({"choices": CHOICES} if dataset == "options" else {}),
            }
            for i in range(problems)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{dataset}.jsonl").write_text(lines, encoding="utf-8")
    config = {
        "study": {
            "name": "scale",
            "title": "Synthetic study of paper size",
            "notice": "Synthetic responses: they measure this workflow and say nothing else.",
            "datasets": list(DATASETS),
            "models": list(MODELS),
            "procedures": ["sample"],
            "draws": draws,
            "shard_size": SHARD,
            "budgets": [],
            "bootstrap": 2000,
        },
        "datasets": {
            name: {
                "title": name.capitalize(),
                "loader": "local",
                "path": str(folder / f"{name}.jsonl"),
                **({"columns": {"choices": "choices"}} if kind == "choice" else {}),
                "answer_type": kind,
                "licence": "CC0",
            }
            for name, kind in DATASETS.items()
        },
        "models": {
            name: {
                "title": name.capitalize(),
                "engine": "scripted",
                "model": "scripted",
                "parameters": about["parameters"],
                "reasoning": about["reasoning"],
                **({"thinking": ["<think>", "</think>"]} if about["reasoning"] else {}),
            }
            for name, about in MODELS.items()
        },
    }
    path = folder / "scale.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def grid_of(config_file: Path) -> Grid:
    """Grid of the study as Snakemake sees it."""
    config: dict = {}
    shipped = [REPO / f"config/{n}.yaml" for n in ("default", "datasets", "models", "procedures")]
    for path in [*shipped, config_file]:
        update_config(config, yaml.safe_load(path.read_text(encoding="utf-8")))
    return Grid(read_config(config), REPO)


def shard_frame(dataset: str, model: str, shard: int, problems: int, size: int) -> pd.DataFrame:
    """Responses of one shard: ``problems`` x ``size`` draws, in key order."""
    rng = np.random.default_rng([list(DATASETS).index(dataset), int(model[-1]), shard])
    # Ability belongs to the problem and model, whatever the shard.
    ability = np.random.default_rng([list(DATASETS).index(dataset), int(model[-1])]).beta(
        0.6 + 0.1 * int(model[-1]), 1.0, size=problems
    )
    n = problems * size
    problem = np.repeat(np.arange(problems), size)
    draw = np.tile(np.arange(shard * size, (shard + 1) * size), problems)
    right = rng.random(n) < np.repeat(ability, size)
    zipf = 1 / np.arange(1, 31) ** 1.2
    which = rng.choice(30, size=n, p=zipf / zipf.sum())
    silent = rng.random(n) < 0.02
    reasoning = MODELS[model]["reasoning"]
    tokens = rng.lognormal(7 - 0.4 * right, 0.5).astype(np.int32) + 8
    long = draw % LONG_EVERY == 0
    length = rng.lognormal(np.log(12_000 if reasoning else 3_000), 0.6, n)
    mean = float(np.mean([len(s) + 1 for s in SENTENCES]))
    texts, ends = [], np.zeros(n, dtype=int)
    for i in range(n):
        answer = gold(dataset, problem[i]) if right[i] else wrong(dataset, problem[i], which[i])
        body = (
            " ".join(SENTENCES[j] for j in rng.integers(len(SENTENCES), size=int(length[i] / mean)))
            if long[i]
            else "Let me count, perhaps twice."
        )
        last = "I cannot tell." if silent[i] else rf"The answer is \boxed{{{answer}}}."
        if reasoning:
            body = f"<think>\n{body}\n</think>"
            ends[i] = len(body)
        texts.append(f"{body}\n\n{last}")
    names = [f"p{p:04d}" for p in range(problems)]
    return pd.DataFrame(
        {
            "dataset": dataset,
            "model": model,
            "procedure": "sample",
            "problem_id": np.repeat(names, size),
            "draw": draw.astype(np.int32),
            "round": np.int32(0),
            "response_id": [
                f"{dataset}/{model}/sample/{names[p]}/{d}/0"
                for p, d in zip(problem, draw, strict=True)
            ],
            "parents": [[]] * n,
            "prompt_sha256": [f"{p:064x}" for p in problem],
            "text": texts,
            "thinking_end": pd.array(ends if reasoning else [None] * n, dtype="Int32"),
            "n_prompt_tokens": np.int32(80),
            "n_output_tokens": tokens,
            "n_thinking_tokens": (tokens * 0.8).astype(np.int32) if reasoning else np.int32(0),
            "finish_reason": "stop",
            "cumulative_logprob": -rng.gamma(4.0, 2.0 - right),
            "mean_entropy": rng.gamma(2.0, 0.3 - 0.1 * right),
            **{
                name: rng.normal(10 + right, 1.0)
                for name in LOGPROBS
                if name.startswith("confidence")
            },
            "seed": rng.integers(2**62, size=n),
            "engine": "scripted",
            "engine_version": "1",
            "dtype": "float32",
            "gpu": "none",
            "tensor_parallel": np.int32(1),
        }
    )


def _write(task: tuple[str, str, int, int, int, str]) -> int:
    dataset, model, shard, problems, size, path = task
    tables.write(shard_frame(dataset, model, shard, problems, size), "responses", path)
    return Path(path).stat().st_size


def write_responses(grid: Grid, folder: Path, problems: int, processes: int = 2) -> int:
    """Every response file of ``grid`` below ``folder``; returns their bytes."""
    tasks = [
        (run.dataset, run.model, int(shard), problems, grid.block(run.procedure),
         str(folder / grid.response_path(run, shard)))
        for run in grid.runs
        for shard in grid.shards_of(run)
    ]  # fmt: skip
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(_write, tasks, chunksize=4))
