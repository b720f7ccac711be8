"""Table ``quality``: counts, drift over draws, doubles, agreement with another grader."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from itc import tables
from itc.analyses import quality
from itc.report.context import Context
from itc.report.page import Note, TableBlock
from itc.report.sections import quality as section


def outcomes(n_problems: int = 40, n_draws: int = 8, seed: int = 1, drift: float = 0.0):
    """Responses of one model; with ``drift`` the last draw index is right more often and longer."""
    rng = np.random.default_rng(seed)
    rows = []
    for p in range(n_problems):
        for d in range(n_draws):
            last = d == n_draws - 1
            right = rng.random() < (0.4 + drift * last)
            rows.append(
                {
                    "dataset": "d",
                    "model": "m",
                    "procedure": "sample",
                    "problem_id": f"p{p}",
                    "draw": d,
                    "round": 0,
                    "answer": "1",
                    "answer_class": 0 if right else -1,
                    "verdict": "right" if right else "wrong",
                    "n_output_tokens": int(rng.integers(100, 200) + 300 * drift * last),
                    "n_prompt_tokens": 10,
                    "truncated": None if d else False,
                    "source_correct": right if d < 2 else None,
                    "f_words": float(rng.integers(0, 10**6)),
                }
            )
    return pd.DataFrame(rows)


def build(frame: pd.DataFrame) -> dict:
    table = quality.build({"outcomes": frame}, {})
    assert tables.to_arrow(table, "quality").num_rows == len(table)
    return table.iloc[0].to_dict()


def test_counts_and_shares() -> None:
    frame = outcomes()
    frame.loc[0, "verdict"] = "undecided"
    row = build(frame)
    assert (row["n_problems"], row["n_responses"]) == (40, 320)
    assert row["draws_min"] == row["draws_max"] == 8
    assert row["right"] + row["wrong"] + row["undecided"] == pytest.approx(1)
    assert row["undecided"] == 1 / 320
    assert row["cut"] == 0 and row["cut_known"] == 1 / 8
    assert row["grader_agreement"] == 1 and row["grader_compared"] == 79
    assert row["prompt_tokens"] == 3200 and row["identical"] == 0


def test_missing_draws_show() -> None:
    row = build(outcomes().iloc[:-3])
    assert (row["draws_min"], row["draws_max"]) == (5, 8)


def test_drift_over_draws_is_found_and_not_imagined() -> None:
    assert build(outcomes(drift=0.5))["accuracy_drift_p"] < 1e-3
    assert build(outcomes(drift=0.5))["length_drift_p"] < 1e-3
    p = [build(outcomes(seed=s))["accuracy_drift_p"] for s in range(60)]
    assert 0 < np.mean(np.array(p) < 0.1) < 0.25, "about a tenth under the null"


def test_cochrans_q_on_a_case_done_by_hand() -> None:
    # rows (problems) 110, 100, 110, 101: columns 4, 2, 1; k = 3
    # Q = 3 * 2 * ((4-7/3)^2 + (2-7/3)^2 + (1-7/3)^2) / (2 + 2 + 2 + 2) = 3.5
    table = [(1, 1, 0), (1, 0, 0), (1, 1, 0), (1, 0, 1)]
    frame = pd.DataFrame(
        [
            {"problem_id": p, "draw": d, "round": 0, "verdict": "right" if v else "wrong"}
            for p, row in enumerate(table)
            for d, v in enumerate(row)
        ]
    )
    assert quality.accuracy_drift(frame) == pytest.approx(np.exp(-3.5 / 2))


def test_doubles_are_counted_once_each() -> None:
    frame = outcomes(n_problems=2, n_draws=4)
    frame.loc[1, ["answer", "n_output_tokens", "f_words"]] = frame.loc[
        0, ["answer", "n_output_tokens", "f_words"]
    ].to_numpy()
    assert build(frame)["identical"] == 1 / 8


def test_nothing_known_is_null_not_zero() -> None:
    frame = outcomes(n_problems=1, n_draws=1).assign(
        n_output_tokens=None, n_prompt_tokens=None, f_words=np.nan, truncated=None
    )
    row = build(frame)
    for column in ("cut", "identical", "accuracy_drift_p", "length_drift_p", "output_tokens"):
        assert np.isnan(row[column]), column


def context(flagged: bool) -> Context:
    """A page's tables with two draw indices, the second flagged or not."""
    index = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "measure": "accuracy",
            "draw": [0, 1],
            "n_problems": 30,
            "value": [0.7, 0.2],
            "others": [0.6, 0.7],
            "z": [0.5, -5.0],
            "p_holm": [1.0, 1e-6],
            "overall_p": 1e-5,
            "flagged": [False, flagged],
            "settings": [json.dumps({"opening": o}) for o in ("Okay <b>", "Let's")],
        }
    )
    found = quality.build({"outcomes": outcomes()}, {})
    return Context({"quality": found, "exchangeability": index})


def test_section_names_settings_that_differ_and_indices_that_stand_out() -> None:
    blocks = section.build(context(flagged=True)).blocks
    notes = [b.text for b in blocks if isinstance(b, Note)]
    assert any("“opening” differs" in n and "“Okay <b>”, “Let's”) for m" in n for n in notes)
    (table,) = [b for b in blocks if isinstance(b, TableBlock) and b.name == "exchangeability"]
    assert len(table.rows) == 1 and "opening: Let's" in table.rows[0]


def test_section_is_silent_about_indices_that_do_not_differ() -> None:
    blocks = section.build(context(flagged=False)).blocks
    assert not [b for b in blocks if isinstance(b, TableBlock) and b.name == "exchangeability"]


def test_section_warns_of_undecided_identical_and_disputed_responses() -> None:
    frame = outcomes()
    frame.loc[:40, "verdict"] = "undecided"
    frame["f_words"] = 1.0
    frame["n_output_tokens"] = 100
    frame["source_correct"] = frame["verdict"] != "right"
    found = quality.build({"outcomes": frame}, {})
    notes = [
        b.text for b in section.build(Context({"quality": found})).blocks if isinstance(b, Note)
    ]
    for start in ("Many responses could not", "Many responses equal", "The recording's own grades"):
        assert [n for n in notes if n.startswith(start) and n.endswith(": m.")], start
    sound = quality.build({"outcomes": outcomes()}, {})
    assert not [b for b in section.build(Context({"quality": sound})).blocks if isinstance(b, Note)]
