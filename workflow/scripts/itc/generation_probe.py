"""How reproducible is a model's sampling? The same requests at other batch sizes, dtypes, TP sizes.

Each variant is generated like any shard, with a journal of its own, and compared with the first one
response by response. The table says how far texts, lengths and accuracy move: the tolerance within
which a resampled study can be expected to agree.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from itc import tables
from itc.config.model import Model
from itc.contents import Contents
from itc.generate import Job, generate_shard
from itc.schemas import FLOAT, INT, STRING, Schema, register

SCHEMA = register(
    Schema(
        "probes",
        1,
        {
            "model": STRING,
            "variant": STRING,  # settings that differ from the model's entry
            "reference": STRING,
            "engine": STRING,
            "engine_version": STRING,
            "gpu": STRING,
            "dtype": STRING,
            "tensor_parallel": INT,
            "n_responses": INT,
            "identical": FLOAT,  # share of responses with the reference's token ids
            "first_difference": FLOAT,  # median token at which the others part; null if none do
            "mean_length": FLOAT,  # output tokens
            "length_difference": FLOAT,  # mean output tokens minus the reference's
            "length_difference_se": FLOAT,
            "accuracy": FLOAT,
            "accuracy_difference": FLOAT,
            "accuracy_difference_se": FLOAT,
        },
        ("model", "variant"),
        ("n_responses", "identical"),
    )
)


def variants(
    model: Model, batch_sizes: Sequence[int] = (1, 8), dtypes: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Changes of a model entry by name: as configured first, then batch sizes, dtypes, TP sizes.

    Tensor-parallel sizes are the smaller powers of two where the entry uses several GPUs.
    """
    found: dict[str, dict[str, Any]] = {"as configured": {}}
    for size in batch_sizes:
        found[f"max_num_seqs={size}"] = {"max_num_seqs": size}
    for dtype in dtypes:
        if dtype != model.dtype:
            found[f"dtype={dtype}"] = {"dtype": dtype}
    size = model.tensor_parallel_size // 2
    while size >= 1:
        found[f"tensor_parallel_size={size}"] = {"tensor_parallel_size": size}
        size //= 2
    return found


def folder_of(variant: str) -> str:
    """Name of the folder that holds a variant's journals."""
    return variant.replace(" ", "_")


def probe(
    model: Model,
    model_name: str,
    job: Job,
    folder: str | Path,
    seed: int,
    draws: range,
    changes: dict[str, dict[str, Any]],
    correct: Callable[[pd.DataFrame], pd.Series],
    contents: Contents | None = None,
) -> pd.DataFrame:
    """Generate ``job`` once per variant, journals below ``folder``; returns table ``probes``.

    changes: see ``variants``; the first is the reference. correct: 1.0 or 0.0 for each response of
    a table ``responses``. Variants that are done are taken from their journals.
    contents: digests of weights, see ``generate_shard``.
    """
    runs: dict[str, pd.DataFrame] = {}
    for name, change in changes.items():
        place = Path(folder) / folder_of(name)
        with tempfile.TemporaryDirectory() as views:  # the journals are the record
            output = Path(views) / Path(job.output).name
            entry = model.model_copy(update=change)
            jobs = [replace(job, output=output)]
            generate_shard(entry, model_name, jobs, place, seed, draws, contents=contents)
            runs[name] = tables.read(output, "responses")
    reference = next(iter(runs))
    rows = [
        {
            "model": model_name,
            "variant": name,
            "reference": reference,
            **{c: frame[c].iloc[0] for c in ("engine", "engine_version", "gpu", "dtype")},
            "tensor_parallel": frame["tensor_parallel"].iloc[0],
            **compare(frame, runs[reference], correct),
        }
        for name, frame in runs.items()
    ]
    return pd.DataFrame(rows)


def compare(
    frame: pd.DataFrame, reference: pd.DataFrame, correct: Callable[[pd.DataFrame], pd.Series]
) -> dict[str, Any]:
    """Differences of two tables ``responses`` with equal keys; standard errors by problem."""
    keys = ["problem_id", "draw", "round"]
    frame = frame.sort_values(keys, ignore_index=True)
    reference = reference.sort_values(keys, ignore_index=True)
    if not frame[keys].equals(reference[keys]):
        raise ValueError("the two runs do not hold the same requests; generate both anew")
    first = [
        first_difference(a, b)
        for a, b in zip(frame["token_ids"], reference["token_ids"], strict=True)
    ]
    parted = [place for place in first if place is not None]
    right = correct(frame).astype(float)
    change = pd.DataFrame(
        {
            "problem_id": frame["problem_id"],
            "length": frame["n_output_tokens"] - reference["n_output_tokens"],
            "accuracy": right - correct(reference).astype(float),
        }
    )
    by_problem = change.groupby("problem_id").mean()
    error = by_problem.std(ddof=1) / np.sqrt(len(by_problem))
    return {
        "n_responses": len(frame),
        "identical": 1 - len(parted) / len(frame),
        "first_difference": float(np.median(parted)) if parted else None,
        "mean_length": float(frame["n_output_tokens"].mean()),
        "length_difference": float(change["length"].mean()),
        "length_difference_se": float(error["length"]),
        "accuracy": float(right.mean()),
        "accuracy_difference": float(change["accuracy"].mean()),
        "accuracy_difference_se": float(error["accuracy"]),
    }


def first_difference(a: Sequence[int], b: Sequence[int]) -> int | None:
    """Index of the first token in which two outputs differ, None if they are equal."""
    shorter = min(len(a), len(b))
    different = np.flatnonzero(np.asarray(a[:shorter]) != np.asarray(b[:shorter]))
    if len(different):
        return int(different[0])
    return None if len(a) == len(b) else shorter
