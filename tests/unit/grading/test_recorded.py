"""Agreement with the grades that recordings carry, and an audit of every disagreement.

The audit is by rule, not by quotation: a disagreement is explained by who is right about the last
answer in the text, and the tests fail when one appears that no rule explains.
"""

import gzip
import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from itc.grading._grade import grade

pytestmark = [pytest.mark.recordings, pytest.mark.timeout(3000)]


def recorded(name):
    folder = os.environ.get("RECORDINGS")
    if not folder:
        pytest.skip("RECORDINGS does not name a folder of recorded responses")
    with gzip.open(Path(folder) / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["response_text"] is not None and row["correct"] is not None]
    frame = pd.DataFrame(
        {
            "problem_id": [f"{r['dataset']}/{r['problem_id']}" for r in rows],
            "gold": [str(r["gold"]) for r in rows],
            "text": [r["response_text"] for r in rows],
            "source_answer": [r["source_extracted_answer"] for r in rows],
            "correct": [bool(r["correct"]) for r in rows],
            "finish_reason": ["length" if r["extra"].get("at_cap") else None for r in rows],
        }
    )
    ends = frame["text"].str.rfind("</think>")
    frame["thinking_end"] = (ends + len("</think>")).where(ends >= 0)
    problems = frame.drop_duplicates("problem_id")[["problem_id", "gold"]]
    graded = grade(frame, problems.assign(answer_type="math"))
    return graded.assign(right=graded["verdict"] == "right")


LAST = re.compile(r"-?\d[\d,]*")


def explain(row):
    """Who is right about a disagreement, and why; None where no rule tells."""
    numbers = [int(n.replace(",", "")) for n in LAST.findall(str(row.answer))]
    gold = int(row.gold)
    if row.right:
        # Our answer holds the gold integer: the source missed its spelling (unit, name, zeros).
        return "ours right: the source refused a spelling" if gold in numbers else None
    if row.answer_how == "fallback" and not pd.isna(row.thinking_end):
        return "neither: the reply breaks off behind its thinking, the source looked into that"
    if row.answer is None:
        return "neither: no final answer in the text, the source looked into the work"
    if row.verdict == "undecided":
        return "ours undecided, and says so"
    if numbers and gold not in numbers:
        return "ours right: the final answer is another number"
    if gold in numbers:
        return "source right: the answer is an equation whose value is the gold answer"
    return "ours wrong: what was extracted is no number"


def test_agrees_with_art_of_tts_wherever_both_extracted():
    graded = recorded("art_of_tts_aime")
    both = graded[graded["answer"].notna() & graded["source_answer"].notna()]
    differ = both[both["right"] != both["correct"]]
    reasons = differ.apply(explain, axis=1).value_counts(dropna=False).to_dict()
    print(f"art_of_tts_aime: {len(both)} with both answers, {len(differ)} differ: {reasons}")
    assert len(both) > 3000
    assert len(differ) <= 5
    assert set(reasons) <= {
        "ours right: the source refused a spelling",
        "neither: the reply breaks off behind its thinking, the source looked into that",
    }


def test_agrees_with_epoch_but_for_audited_rows():
    graded = recorded("epoch_otis_mock_aime")
    differ = graded[graded["right"] != graded["correct"]]
    reasons = differ.apply(explain, axis=1).value_counts(dropna=False).to_dict()
    print(f"epoch_otis_mock_aime: {len(graded)} graded, {len(differ)} differ: {reasons}")
    assert len(graded) == 21004
    assert len(differ) / len(graded) < 0.006
    assert None not in reasons
    ours = sum(n for reason, n in reasons.items() if reason.startswith("ours right"))
    assert ours / len(differ) > 0.8
