"""Grade pools of 64 draws per problem, against calling Math-Verify response by response.

    RECORDINGS=folder python benchmarks/grading.py

The pool is the recorded AIME responses: 8 models, 60 problems, the 8 real draws of each repeated
up to 64 (30,720 responses; MODELS=2 takes the first two models only). Both sides get the same
texts, whole, in the same run; Math-Verify parses gold and response and compares them, with its own
time-outs off so that neither side depends on the load. Times are CPU seconds of this process and
its children, comparable on a busy machine. Verdicts that differ are printed, each once.

Prints one JSON object as its last line; exit status 1 below 20 times, 2 without recordings.
"""

import gzip
import json
import logging
import os
import resource
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

from itc.grading import _pool
from itc.grading._grade import grade

DRAWS, BAR = 64, 20.0


def rows(folder: Path, name: str) -> list[dict]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def pools(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Responses (problem_id, draw, text, thinking_end) and problems."""
    draws: dict[tuple[str, str], list[str]] = {}
    golds: dict[str, str] = {}
    recorded = rows(folder, "art_of_tts_aime")
    models = sorted({row["model"] for row in recorded})[: int(os.environ.get("MODELS", "8"))]
    for row in recorded:
        if row["model"] in models:
            key = f"{row['dataset']}/{row['problem_id']}"
            golds[key] = str(row["gold"])
            draws.setdefault((row["model"], key), []).append(row["response_text"])
    found = [
        (model, key, draw, text)
        for (model, key), texts in draws.items()
        for draw, text in enumerate(islice(cycle(texts), DRAWS))
    ]
    responses = pd.DataFrame(found, columns=["model", "problem_id", "draw", "text"])
    ends = responses["text"].str.rfind("</think>")
    responses["thinking_end"] = (ends + len("</think>")).where(ends >= 0)
    problems = pd.DataFrame(
        {"problem_id": list(golds), "gold": list(golds.values()), "answer_type": "math"}
    )
    return responses, problems


def cpu() -> float:
    """CPU seconds of this process and of children that have ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def baseline(texts: list[str], golds: list[str]) -> list[bool]:
    """Math-Verify, response by response, golds delimited."""
    from math_verify import parse, verify

    verdicts = []
    for text, gold in zip(texts, golds, strict=True):
        parsed = parse(f"${gold}$", parsing_timeout=None), parse(text, parsing_timeout=None)
        verdicts.append(verify(*parsed, timeout_seconds=None))
    return verdicts


def main() -> int:
    if not os.environ.get("RECORDINGS"):
        print("RECORDINGS names no folder of recorded responses: nothing measured", file=sys.stderr)
        return 2
    logging.disable(logging.WARNING)
    responses, problems = pools(Path(os.environ["RECORDINGS"]))
    golds = responses["problem_id"].map(problems.set_index("problem_id")["gold"])
    print(f"{len(responses):,} responses, {len(problems)} problems, {DRAWS} draws each")

    start, wall = cpu(), time.perf_counter()
    graded = grade(responses, problems, workers=2)
    _pool.shared(2).close()  # its CPU time counts once the workers have ended
    ours = cpu() - start
    print(f"ours: {ours:.1f} CPU s, {time.perf_counter() - wall:.1f} s on the clock, 2 workers")

    import math_verify  # noqa: F401  (its import is not what is measured)

    start, wall = cpu(), time.perf_counter()
    plain = baseline(list(responses["text"]), list(golds))
    theirs = cpu() - start
    print(f"Math-Verify alone: {theirs:.1f} CPU s, {time.perf_counter() - wall:.1f} s on the clock")

    graded = graded.assign(gold=golds, plain=plain, right=graded["verdict"] == "right")
    differ = graded[graded["right"] != graded["plain"]]
    print(
        f"same verdict: {1 - len(differ) / len(graded):.4%}; {len(differ)} differ, "
        f"{differ['verdict'].eq('undecided').sum()} of them undecided here; undecided in all: "
        f"{graded['verdict'].eq('undecided').sum()}"
    )
    columns = ["problem_id", "gold", "answer", "answer_how", "verdict", "cause", "plain"]
    for row, group in differ.groupby(columns, dropna=False, sort=True):
        problem, gold, answer, how, verdict, cause, other = row
        print(
            f"  {len(group):4d} x {problem[:30]} gold {gold[:30]!r}: ours {verdict} ({cause}) "
            f"from {how} {str(answer)[:50]!r}; Math-Verify {'right' if other else 'wrong'}"
        )
    result = {
        "name": "grading",
        "unit": "responses per CPU second",
        "ours": round(len(responses) / ours, 1),
        "baseline": round(len(responses) / theirs, 1),
        "ratio": round(theirs / ours, 2),
        "higher_is_better": True,
    }
    print(json.dumps(result))
    return 0 if result["ratio"] >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
