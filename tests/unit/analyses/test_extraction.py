"""The audit of how answers were found: shares by way, and the replies drawn for reading."""

import pandas as pd
import pytest
from itc.analyses import extraction
from itc.report import examples
from itc.report.context import Context
from itc.report.sections import extraction as section
from itc.tables import to_arrow

WAYS = ["boxed"] * 5 + ["fallback"] * 3 + ["none"] * 2


def outcomes(ways=WAYS, procedure="sample"):
    n = len(ways)
    return pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": procedure,
            "problem_id": [f"p{i % 4}" for i in range(n)],
            "draw": range(n),
            "round": 0,
            "answer_how": ways,
            "verdict": ["right" if i % 2 else "wrong" for i in range(n)],
            "answer": ["7"] * n,
            "answer_class": 0,
            "n_output_tokens": 5,
            "score": None,
            "truncated": False,
        }
    )


def test_shares_of_every_way_add_up_and_judges_are_left_out():
    frame = pd.concat([outcomes(), outcomes(["none"] * 4, "judge_score")])
    entries = {"sample": {"kind": "sample"}, "judge_score": {"kind": "judge"}}
    table = extraction.build({"outcomes": frame}, {"procedures": entries})
    to_arrow(table, "extraction")
    shares = table.set_index("how")["share"].to_dict()
    assert shares == pytest.approx({"boxed": 0.5, "fallback": 0.3, "none": 0.2})
    assert table["independent"].all() and set(table["procedure"]) == {"sample"}


@pytest.mark.parametrize(("guesses", "said"), [(1, False), (2, True)])
def test_the_page_warns_above_a_tenth(guesses, said):
    ways = ["fallback"] * guesses + ["boxed"] * (10 - guesses)
    table = extraction.build({"outcomes": outcomes(ways)}, {})
    context = Context(tables={"extraction": table}, provenance={}, examples=None)
    sentence = section.warning(context)
    assert bool(sentence) == said
    assert not said or "(20 %)" in sentence


def test_answers_of_derived_procedures_do_not_warn():
    entries = {"revise_full": {"kind": "revise"}}
    frame = outcomes(["fallback"] * 10, "revise_full")
    table = extraction.build({"outcomes": frame}, {"procedures": entries})
    context = Context(tables={"extraction": table}, provenance={}, examples=None)
    assert section.warning(context) == ""


def test_twenty_fallback_replies_are_drawn_and_their_answer_is_marked():
    frame = outcomes(["fallback"] * 60 + ["boxed"] * 60)
    picked = examples.pick(frame, problems=1, draws=1)
    assert picked["audited"].sum() == 20
    assert (picked.loc[picked["audited"], "answer_how"] == "fallback").all()
    assert examples.pick(frame, problems=1, draws=1).equals(picked)
    full = picked.assign(text="7 apples and 2 more make 7 in all", thinking_end=None)
    found = examples.build(full.assign(question="q", gold="9"), [], 10_000, {"d": "D"})
    draws = [draw for problem in found.datasets[0]["problems"] for draw in problem["draws"]]
    marked = next(draw for draw in draws if draw["audited"])
    assert marked["text"] == ["7 apples and 2 more make ", [0, "7"], " in all"]
    assert found.categories == [examples.EXTRACTED]
