"""A study whose judge never wrote a score: every table is built, and the page says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.grading._base import NO_SCORE
from itc.report.context import Context
from itc.report.page import Note
from itc.report.sections import quality as section
from itc.strategies._base import evaluate_strategy

from .feature_outcomes import outcomes

SETTINGS = {
    "seed": 1,
    "bootstrap": 100,
    "budgets": [1, 4],
    "strategies": ["single", "majority", "judge_best", "judge_vote"],
    "procedures": {
        "sample": {"kind": "sample"},
        "judge_score": {"kind": "judge", "parent": "sample"},
    },
}
OF_OUTCOMES = [
    name
    for name in registry.names("analyses")
    if registry.constants("analyses", name)["INPUTS"] == ("outcomes",)
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Outcomes as they are on disk: 16 problems, 8 draws, one judgement of each."""
    frame = outcomes(n_problems=16, n_draws=8)
    frame["f_words"] = frame["n_output_tokens"].astype(float)
    frame["n_prompt_tokens"], frame["answer"] = 10, frame["answer_class"].astype(str)
    frame["parents"], frame["score"], frame["cause"], frame["read"] = None, np.nan, None, None
    frame["answer_how"] = "boxed"
    judged = frame.assign(procedure="judge_score", verdict="undecided", cause=NO_SCORE)
    judged["parents"] = [[parent] for parent in judged["response_id"]]
    judged["response_id"] += "/judged"
    judged["answer"], judged["answer_class"], judged["read"] = None, -1, False
    judged["answer_how"] = "none"
    path = tmp_path_factory.mktemp("unreadable") / "outcomes.parquet"
    tables.write(pd.concat([frame, judged], ignore_index=True), "outcomes", path)
    return tables.read(path, "outcomes")


@pytest.mark.parametrize("name", OF_OUTCOMES)
def test_every_table_is_built(name: str, study: pd.DataFrame) -> None:
    module = registry.load("analyses", name)
    table = module.build({"outcomes": study}, SETTINGS)
    table = module.finish(table) if hasattr(module, "finish") else table
    assert tables.to_arrow(table, module.SCHEMA.name).num_rows == len(table)


@pytest.mark.parametrize("name", ["judge_best", "judge_vote", "majority"])
def test_no_strategy_makes_up_a_choice(name: str, study: pd.DataFrame) -> None:
    points = evaluate_strategy(name, study, [1, 4])
    assert len(points) == 0 if name.startswith("judge") else len(points) > 0


def test_the_page_says_that_nothing_could_be_read(study: pd.DataFrame) -> None:
    quality = registry.load("analyses", "quality").build({"outcomes": study}, SETTINGS)
    row = quality.set_index("procedure").loc["judge_score"]
    assert row["read"] == 0 and np.isnan(row["right"]) and np.isnan(row["wrong"])
    made = section.build(Context({"quality": quality}))
    notes = [block.text for block in made.blocks if isinstance(block, Note)]
    assert any(
        note.startswith("None of the judgements or selections could be read: m (judge_score on d)")
        for note in notes
    )
