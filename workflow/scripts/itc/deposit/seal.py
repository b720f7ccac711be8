"""What an archive holds of responses and problems that may not be handed on.

Sealed responses keep their counts, settings and ids; their text, and whatever repeats a piece of
it, is left out: token ids, recorded answers and conditions. Sealed outcomes keep grades, classes
and features; answers become labels that tell only which answers to one problem are the same.
Withheld problems keep ids and hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import pandas as pd

from itc.schemas import SCHEMAS, STRING, Schema, register

TEXTUAL = ("text", "token_ids", "source_answer", "condition")

SEALED_RESPONSES = register(
    Schema(
        "sealed_responses",
        1,
        {
            **{k: v for k, v in SCHEMAS["responses"].columns.items() if k not in TEXTUAL},
            "text_sha256": STRING,  # null where `text: drop`
        },
        SCHEMAS["responses"].key,
        ("response_id",),
        recorded=True,
    )
)
WITHHELD_PROBLEMS = register(
    Schema(
        "withheld_problems",
        1,
        {
            **{
                k: v
                for k, v in SCHEMAS["datasets"].columns.items()
                if k not in ("question", "gold", "metadata")
            },
            "question_sha256": STRING,
            "problem_sha256": STRING,  # of the JSON list [question, gold, metadata]
        },
        ("problem_id",),
        ("answer_type", "question_sha256", "problem_sha256"),
        recorded=True,
    )
)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    return None if pd.isna(value) else value


def withheld_problems(problems: pd.DataFrame) -> pd.DataFrame:
    """Table ``withheld_problems`` of table ``datasets``.

    The gold answer is hashed together with its question: alone it could be found by trying.
    """
    rows = zip(problems["question"], problems["gold"], problems["metadata"], strict=True)
    whole = [json.dumps([_plain(v) for v in row], ensure_ascii=False) for row in rows]
    return problems.drop(columns=["question", "gold", "metadata"]).assign(
        question_sha256=[_sha256(str(question)) for question in problems["question"]],
        problem_sha256=[_sha256(text) for text in whole],
    )


def given_problems(withheld: pd.DataFrame) -> pd.DataFrame:
    """Table ``datasets`` of withheld problems: no question, no gold answer, no metadata."""
    return withheld.drop(columns=["question_sha256", "problem_sha256"])


def text_hash(text: str | None, question: str | None = None) -> str | None:
    """Checksum by which a holder of ``text`` can verify it.

    For a withheld problem it is that of question, NUL and text: the checksum of a short text alone
    could be found by trying, and a right one ends in the gold answer.
    """
    if text is None:
        return None
    return _sha256(text if question is None else f"{question}\0{text}")


def seal_responses(
    pieces: Iterable[pd.DataFrame], hashed: bool, questions: dict[str, str] | None = None
) -> pd.DataFrame:
    """Table ``sealed_responses`` of table ``responses``, piece by piece.

    ``questions`` (problem id -> question) is given where the problems are withheld.
    """
    sealed = []
    for piece in pieces:
        keys = [None if questions is None else questions[p] for p in piece["problem_id"]]
        hashes = [
            text_hash(text if isinstance(text, str) else None, key)
            for text, key in zip(piece["text"], keys, strict=True)
        ]
        sealed.append(
            piece.drop(columns=list(TEXTUAL)).assign(text_sha256=hashes if hashed else None)
        )
    return pd.concat(sealed, ignore_index=True)


def given_responses(sealed: pd.DataFrame) -> pd.DataFrame:
    """Table ``responses`` of sealed responses: what was left out is missing."""
    return sealed.drop(columns="text_sha256")


def seal_outcomes(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Table ``outcomes`` of every model of one dataset, answers replaced by labels.

    Within a problem equal answers, surrounding blanks aside, have one label in all models and in
    both columns: strategies that match answers across models need no more. Labels count answers in
    order of appearance, so they tell nothing of what an answer says.
    """
    columns = ["answer", "source_answer"]
    whole = pd.concat([frame[[*SCHEMAS["outcomes"].key, *columns]] for frame in frames.values()])
    whole = whole.sort_values([*SCHEMAS["outcomes"].key], kind="stable")
    labels: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for column in columns:
        for problem, value in zip(whole["problem_id"], whole[column], strict=True):
            if isinstance(value, str) and (problem, value.strip()) not in labels:
                counts[problem] = counts.get(problem, 0) + 1
                labels[problem, value.strip()] = f"answer {counts[problem]}"

    def labelled(frame: pd.DataFrame, column: str) -> list[str | None]:
        pairs = zip(frame["problem_id"], frame[column], strict=True)
        return [labels[p, v.strip()] if isinstance(v, str) else None for p, v in pairs]

    return {
        model: frame.assign(condition=None, **{c: labelled(frame, c) for c in columns})
        for model, frame in frames.items()
    }
