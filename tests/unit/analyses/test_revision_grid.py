"""The grid of parallel chains and revision rounds agrees with the strategies on its edges."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.strategies._base import evaluate_strategy

SETTINGS = {
    "seed": 1,
    "bootstrap": 300,
    "budgets": [1, 2, 4],
    "procedures": {"sample": {"kind": "sample"}, "revise_full": {"kind": "revise"}},
}


def frame(procedure, numbers, seed):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [[f"p{i}" for i in range(9)], range(4), numbers], names=["problem_id", "draw", "round"]
    )
    rows = index.to_frame(index=False)
    codes = rng.integers(-1, 3, size=len(rows))
    return rows.assign(
        dataset="d",
        model="m",
        procedure=procedure,
        answer_class=codes,
        verdict=np.where(codes == 0, "right", "wrong"),
        n_prompt_tokens=5,
        n_output_tokens=rng.integers(5, 50, size=len(rows)),
        response_id=[f"{procedure}{i}" for i in range(len(rows))],
    )


OUTCOMES = pd.concat([frame("sample", [0], 1), frame("revise_full", [1, 2], 2)])


def build(outcomes, settings=SETTINGS):
    table = registry.load("analyses", "revision_grid").build({"outcomes": outcomes}, settings)
    assert tables.to_arrow(table, "revision_grid").num_rows == len(table)
    return table


def test_edges_are_the_vote_the_chain_and_the_parallel_revision():
    grid = build(OUTCOMES).set_index(["chains", "rounds"])
    for name, cells in {
        "majority": {(c, 0): c for c in (1, 2, 4)},
        "revision_last": {(1, r): r + 1 for r in (0, 1, 2)},
        "revision_parallel": {(c, 2): 3 * c for c in (1, 2, 4)},
    }.items():
        result = evaluate_strategy(name, OUTCOMES, [1, 2, 4]).groupby("budget")
        for cell, budget in cells.items():
            assert grid.loc[cell, "accuracy"] == pytest.approx(result["correct"].mean()[budget])
            assert grid.loc[cell, "cost_output_tokens"] == pytest.approx(
                result["cost_output_tokens"].mean()[budget]
            )
            assert grid.loc[cell, "cost_sequential_tokens"] == pytest.approx(
                result["cost_sequential_tokens"].mean()[budget]
            )
            assert grid.loc[cell, "calls"] == budget


def test_no_revision_no_rows():
    assert build(OUTCOMES[OUTCOMES["procedure"] == "sample"]).empty
    assert build(OUTCOMES, SETTINGS | {"procedures": {"sample": {"kind": "sample"}}}).empty
