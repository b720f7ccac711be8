"""Which responses the explorer shows: a small, fair and repeatable sample of a large study."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from itc.features._lexicon import Lexicon
from itc.report import text as texts
from itc.report.page import plain
from itc.schemas import BOOL, FLOAT, INT, RESPONSE_KEY, STRING, TEXT, Schema, register

KEY = ["dataset", "model", "procedure", "problem_id", "draw", "round"]
KEPT = [*KEY, "answer", "answer_how", "answer_class", "verdict"]
KEPT += ["n_output_tokens", "score", "truncated"]
TEXTS = ["text", "thinking_end"]
CARDS = ["question", "gold"]
PROBLEMS, DRAWS = 40, 8  # of each dataset and model in its explorer; the report shows fewer
AUDITED = 20  # replies per dataset that only the fall-back could read, for the audit of extraction
FALLBACK = "fallback"
EXTRACTED = "extracted answer"  # category of the part of a reply that was taken as its answer

SCHEMA = register(
    Schema(
        "examples",
        2,
        {
            **RESPONSE_KEY,
            "problem_accuracy": FLOAT,  # share right over all responses to the problem on record
            "answer": TEXT,
            "answer_how": STRING,
            "audited": BOOL,  # drawn from the replies that only the fall-back could read
            "answer_class": INT,
            "verdict": STRING,
            "n_output_tokens": INT,
            "score": FLOAT,
            "truncated": BOOL,
            "text": TEXT,
            "thinking_end": INT,
            "question": TEXT,
            "gold": TEXT,
        },
        tuple(KEY),
        ("verdict", "answer_class"),
    )
)


@dataclass(frozen=True)
class Explorer:
    """Page data of an explorer: JSON-like, with all text made visible and bounded."""

    datasets: list[dict[str, Any]]
    categories: list[str]
    n_responses: int
    left_out: int  # responses dropped to keep the page small
    links: tuple[tuple[str, str], ...] = ()  # title and file of larger ones beside the report


def pick(outcomes: pd.DataFrame, problems: int = 6, draws: int = 4, seed: int = 0) -> pd.DataFrame:
    """Rows of ``outcomes`` to show: per dataset the same problems for every model.

    Problems are spread over the range of ``problem_accuracy`` (computed where it is not given), so
    easy, mixed and hard ones are there; of each model, procedure and problem the first right and
    wrong draws come first, then others at random. Up to AUDITED replies of each dataset that only
    the fall-back could read are drawn beside them and marked ``audited``.
    """
    if "problem_accuracy" not in outcomes:
        right = (outcomes["verdict"] == "right").astype(float)
        share = right.groupby([outcomes["dataset"], outcomes["problem_id"]]).transform("mean")
        outcomes = outcomes.assign(problem_accuracy=share)
    kept = [c for c in (*KEPT, "problem_accuracy", *TEXTS, *CARDS) if c in outcomes]
    chosen = []
    for _, whole in outcomes.groupby("dataset", sort=True):
        rows = whole
        ranked = rows.drop_duplicates("problem_id")[["problem_accuracy", "problem_id"]]
        names = ranked.sort_values(["problem_accuracy", "problem_id"])["problem_id"].tolist()
        places = np.unique(np.linspace(0, len(names) - 1, min(problems, len(names))).round())
        wanted = {names[int(i)] for i in places}
        rows = rows[rows["problem_id"].isin(wanted)].sort_values(KEY)
        cell = [rows[c] for c in ("model", "procedure", "problem_id")]
        first = rows.groupby([*cell, rows["verdict"]]).cumcount() == 0
        rank = np.random.default_rng(seed).random(len(rows))
        order = rows.assign(_first=~first, _rank=rank).sort_values(["_first", "_rank"])
        shown = order.groupby(["model", "procedure", "problem_id"]).head(draws)[kept]
        chosen.append(_with_audit(shown, whole, kept, seed))
    if not chosen:
        return pd.DataFrame(columns=kept)
    return pd.concat(chosen).sort_values(KEY, ignore_index=True)


def _with_audit(
    shown: pd.DataFrame, rows: pd.DataFrame, kept: list[str], seed: int
) -> pd.DataFrame:
    """``shown`` and a drawn sample of the dataset's replies that only the fall-back could read."""
    if "answer_how" not in rows:
        return shown.assign(audited=False)
    guessed = rows[rows["answer_how"] == FALLBACK].sort_values(KEY)
    drawn = guessed.sample(min(AUDITED, len(guessed)), random_state=seed)
    both = pd.concat([drawn[kept].assign(audited=True), shown.assign(audited=False)])
    return both.drop_duplicates(KEY)


def attach(
    picked: pd.DataFrame, responses: Iterable[pd.DataFrame], problems: pd.DataFrame
) -> pd.DataFrame:
    """``picked`` with text and thinking_end (from ``responses``, file by file) and the question and
    gold of each problem (``problems``: dataset, problem_id, question, gold).
    """
    wanted = pd.MultiIndex.from_frame(picked[KEY])
    found = []
    for frame in responses:
        here = pd.MultiIndex.from_frame(frame[KEY]).isin(wanted)
        found.append(frame.loc[here, [*KEY, *TEXTS]])
    read = pd.concat(found) if found else pd.DataFrame(columns=[*KEY, *TEXTS])
    out = picked.merge(read, on=KEY, how="inner", validate="one_to_one")
    cards = problems[["dataset", "problem_id", *CARDS]]
    return out.merge(cards, on=["dataset", "problem_id"], how="left", validate="many_to_one")


def build(
    examples: pd.DataFrame, lexicons: Iterable[Lexicon], max_bytes: int, titles: dict[str, str]
) -> Explorer:
    """Explorer data of at most about ``max_bytes`` of text; whole problems are kept in order of
    draws, so what is dropped first are the last draws of every problem.
    """
    lexicons = tuple(lexicons)
    rows = examples.copy()
    cell = ["dataset", "model", "procedure", "problem_id"]
    rows["_place"] = rows.groupby(cell).cumcount()
    audited = rows["audited"].fillna(False).astype(bool) if "audited" in rows else False
    rows = rows.assign(_rest=~audited if audited is not False else True)
    rows = rows.sort_values(["_rest", "_place", *cell], kind="stable")
    size = rows["text"].fillna("").str.len().clip(upper=texts.MAX_CHARACTERS) + 400
    fits = size.cumsum() <= max_bytes
    shown = rows[fits].sort_values([*cell, "draw", "round"], kind="stable")
    datasets = []
    for dataset, part in shown.groupby("dataset", sort=True):
        problems = []
        order = ["problem_accuracy", "problem_id"] if "problem_accuracy" in part else ["problem_id"]
        names = part.sort_values(order, kind="stable")["problem_id"].unique()
        for problem in names:
            drawn = part[part["problem_id"] == problem]
            first = drawn.iloc[0]
            problems.append(
                {
                    "id": texts.visible(str(problem)),
                    "question": _bounded(first.get("question"), 6000),
                    "gold": _bounded(first.get("gold"), 400),
                    "accuracy": plain(first.get("problem_accuracy"), "percent"),
                    "draws": [_draw(row, lexicons) for row in drawn.to_dict("records")],
                }
            )
        title = titles.get(str(dataset), str(dataset))
        datasets.append({"title": texts.visible(title), "problems": problems})
    categories = [*(x.name for x in lexicons), EXTRACTED]
    return Explorer(datasets, categories, len(shown), int((~fits).sum()))


def _bounded(value: Any, limit: int) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    return texts.visible(texts.shorten(str(value), limit)[0])


def _draw(row: dict[str, Any], lexicons: tuple[Lexicon, ...]) -> dict[str, Any]:
    raw = row["text"] if isinstance(row["text"], str) else ""
    end = None if pd.isna(row.get("thinking_end")) else int(row["thinking_end"])
    thinking, answer = (part.strip("\n") for part in texts.parts(raw, end))
    room = texts.MAX_CHARACTERS
    how = row.get("answer_how")
    how = how if isinstance(how, str) else ""
    answer = texts.shorten(answer, room)[0]
    thinking = texts.shorten(thinking, max(2000, room - len(answer)))[0]
    cut = row.get("truncated")
    return {
        "model": texts.visible(str(row["model"])),
        "procedure": str(row["procedure"]),
        "draw": int(row["draw"]),
        "round": int(row["round"]),
        "answer": _bounded(row.get("answer"), 400),
        "class": int(row["answer_class"]),
        "verdict": str(row["verdict"]),
        "tokens": plain(row.get("n_output_tokens"), "integer"),
        "score": plain(row.get("score"), "number"),
        "cut": bool(cut) if cut is not None and not pd.isna(cut) else None,
        "thinking": texts.mark(texts.visible(thinking), lexicons),
        "how": how,
        "audited": bool(row.get("audited")) if not pd.isna(row.get("audited")) else False,
        "text": _marked(texts.visible(answer), row.get("answer"), how, lexicons),
    }


def _marked(text: str, answer: Any, how: str, lexicons: tuple[Lexicon, ...]) -> list[texts.Piece]:
    """``text`` with its markers, and with what the fall-back took as the answer.

    The fall-back looks from the end, so the last place that holds the answer is the one.
    """
    found = texts.visible(answer) if how == FALLBACK and isinstance(answer, str) else ""
    at = text.rfind(found) if found else -1
    if at < 0:
        return texts.mark(text, lexicons)
    before, after = text[:at], text[at + len(found) :]
    taken: list[texts.Piece] = [[len(lexicons), found]]
    return [*texts.mark(before, lexicons), *taken, *texts.mark(after, lexicons)]
