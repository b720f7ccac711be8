"""Parallel chains x revision rounds: where a given number of calls is spent best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _undecided
from itc.estimators import majority, order
from itc.grading._base import RIGHT, UNDECIDED, WRONG
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals
from itc.strategies import _chains
from itc.strategies._base import Pool, Unavailable
from itc.strategies._pool import build_pools, class_credit
from itc.strategies._undecided import resolve

TITLE = "Parallel chains and revision rounds"
INPUTS = ("outcomes",)
UNIT = "cell"

SCHEMA = register(
    Schema(
        "revision_grid",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "procedure": STRING,  # way to revise
            "chains": INT,
            "rounds": INT,  # revisions of each chain; 0 is the plain vote
            "calls": INT,
            "n_problems": INT,
            "accuracy": FLOAT,  # exact majority of the chains' answers after the last round
            "low": FLOAT,  # 95 %, for the problems meant
            "high": FLOAT,
            **_undecided.COLUMNS,
            "cost_output_tokens": FLOAT,
            "cost_sequential_tokens": FLOAT,
        },
        ("dataset", "model", "procedure", "chains", "rounds"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``revision_grid`` for every procedure that revises ``sample``; empty without one."""
    procedures = [
        name
        for name, entry in sorted(settings.get("procedures", {}).items())
        if entry.get("kind") == "revise" and (entry.get("parent") or "sample") == "sample"
    ]
    rows: list[dict[str, Any]] = []
    chosen = inputs["outcomes"]["procedure"].isin(["sample", *procedures])
    for (dataset, model), own in inputs["outcomes"][chosen].groupby(["dataset", "model"]):
        pools = build_pools(own, "sample", int(settings["seed"])) if procedures else []
        if len(pools) != 1:  # uneven draws allow no common number of chains
            continue
        resolved = {
            end: build_pools(resolve(own, verdict), "sample", int(settings["seed"]))[0]
            for end, verdict in (("undecided_low", WRONG), ("undecided_high", RIGHT))
        }
        for procedure in procedures:
            used = own[own["procedure"].isin(["sample", procedure])]
            cell = {
                "dataset": dataset,
                "model": model,
                "procedure": procedure,
                "undecided": float((used["verdict"] == UNDECIDED).mean()),
            }
            cells = _grid(pools[0], procedure, settings)
            ends = {end: _grid(pool, procedure, settings) for end, pool in resolved.items()}
            for i, row in enumerate(cells):
                implied = {end: grid[i]["accuracy"] for end, grid in ends.items()}
                rows.append(cell | row | implied)
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _grid(pool: Pool, procedure: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        pool = pool.with_draws_of([procedure])
        chain = _chains.with_start(pool, _chains.rounds(pool, procedure))
    except Unavailable:
        return []
    chains = [b for b in settings["budgets"] if b <= pool.n_draws]
    n = len(pool.problem_ids)
    rows = []
    for r in range(len(chain.numbers)):
        codes = chain.codes[:, :, r]
        credit, _ = class_credit(codes, chain.right[:, :, r], chain.undecided[:, :, r])
        values = majority.majority(codes, credit, chains)
        mean = values.mean(axis=0)
        low, high = intervals.share(values).interval()
        length = chain.output[:, :, : r + 1].sum(axis=2)
        known = not np.isnan(length).any()
        longest = (
            order.expected_maximum(length, chains).mean(axis=0)
            if known
            else np.full(len(chains), np.nan)
        )
        for i, c in enumerate(chains):
            rows.append(
                {
                    "chains": int(c),
                    "rounds": r,
                    "calls": int(c) * (r + 1),
                    "n_problems": n,
                    "accuracy": float(mean[i]),
                    "low": float(low[i]),
                    "high": float(high[i]),
                    "cost_output_tokens": float(c * length.mean()) if known else np.nan,
                    "cost_sequential_tokens": float(longest[i]),
                }
            )
    return rows
