"""A small study on disk, and its archive."""

import json

import pandas as pd
import pytest
from itc import tables
from itc.deposit.write import Cell, Study, write_archive

QUESTIONS = {f"p{i}": f"How many stones does quarry number {i} hold?" for i in range(3)}
GOLDS = {f"p{i}": f"{i}4711" for i in range(3)}
ABOUT = {
    "study": "small",
    "title": "A small study",
    "text": "keep",
    "draws": 4,
    "shard_size": 2,
    "seeds": {"study": 7},
    "features": ["length"],
    "code": {"commit": "c0ffee", "dirty": False, "fingerprint": "f00"},
}


def answers(problem, draw):
    """Right on even draws; odd draws share a wrong answer."""
    return GOLDS[problem] if draw % 2 == 0 else f" {problem}-999 "


def responses(model, draws):
    rows = [
        {
            "dataset": "quarry",
            "model": model,
            "procedure": "sample",
            "problem_id": problem,
            "draw": draw,
            "round": 0,
            "response_id": f"{model}-{problem}-{draw}",
            "parents": [],
            "text": f"{QUESTIONS[problem]} I say \\boxed{{{answers(problem, draw)}}}.",
            "token_ids": [1, 2, draw],
            "n_output_tokens": 10 + draw,
            "source_answer": answers(problem, draw),
            "condition": json.dumps({"reextracted_answer": answers(problem, draw)}),
        }
        for problem in QUESTIONS
        for draw in draws
    ]
    return pd.DataFrame(rows)


def outcomes(frame):
    kept = frame.drop(columns=["text", "token_ids"])
    answer = [answers(p, d) for p, d in zip(frame["problem_id"], frame["draw"], strict=True)]
    return kept.assign(
        answer=answer,
        answer_how="boxed",
        answer_class=frame["draw"] % 2,
        verdict=["wrong" if d % 2 else "right" for d in frame["draw"]],
        f_words=frame["text"].str.split().str.len().astype(float),
        f_nothing=float("nan"),
    )


@pytest.fixture
def study(tmp_path):
    """Make a Study of two models and two shards; its text mode, what is withheld, an overlay, and
    columns of its problems in place of the usual ones.
    """
    home = tmp_path / "study"

    def make(text="keep", withheld=False, overlay=None, **columns):
        problems = pd.DataFrame(
            {
                "problem_id": list(QUESTIONS),
                "question": list(QUESTIONS.values()),
                "gold": list(GOLDS.values()),
                "answer_type": "number",
                "licence": "none",
                "metadata": [json.dumps({"data": {"copy": gold}}) for gold in GOLDS.values()],
            }
        ).assign(**columns)
        tables.write(problems, "datasets", home / "quarry-1.parquet")
        cells, joined = [], {}
        for model in ("m-one", "m-two"):
            frames = {"000": responses(model, (0, 1)), "001": responses(model, (2, 3))}
            for shard, frame in frames.items():
                path = home / f"{model}-{shard}.parquet"
                tables.write(frame, "responses", path)
                cells.append(Cell("quarry", model, "sample", shard, str(path)))
            joined["quarry", model] = str(home / f"{model}.parquet")
            tables.write(
                outcomes(pd.concat(list(frames.values()))), "outcomes", joined["quarry", model]
            )
        return Study(
            about={**ABOUT, "text": text},
            datasets={"quarry": str(home / "quarry-1.parquet")},
            withheld=frozenset({"quarry"} if withheld else ()),
            responses=cells,
            outcomes=joined,
            results={"outcomes/quarry/m-one.parquet": joined["quarry", "m-one"]},
            texts={"README.md": "read me\n", "replay.yaml": json.dumps(overlay)},
        )

    return make


@pytest.fixture
def archive(study, tmp_path):
    """Write an archive and return its tar."""

    def make(**options):
        target = tmp_path / "small-archive.tar"
        write_archive(study(**options), target)
        return target

    return make
