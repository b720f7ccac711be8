"""The answer of each reply: after its thinking, up to what ends its turn, in order of trust."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from itc.grading._base import (
    BOXED,
    NOTHING,
    PHRASE,
    THINKING,
    Extraction,
    Problem,
    Undecidable,
    Unread,
    clean,
)
from itc.grading._boxes import box_at
from itc.grading._formats import complete, strip_turns
from itc.grading._formulas import WORD
from itc.grading._problems import grader
from itc.guard import guarded
from itc.thinking import NEVER, end_of

# Of a thinking only a box in its last characters counts.
OPEN_TAIL = 2000
SOURCE = "source"  # how an answer was found: by the recording, whose text is not there


def extract_all(responses: pd.DataFrame, known: dict[str, Problem]) -> list[Extraction]:
    """Answer of each response, in order; where a recording kept no text, the answer it recorded."""
    size = len(responses)
    names = ("problem_id", "text", "thinking_end", "n_thinking_tokens", "thinking_unclear")
    columns = [
        # Iterating an Arrow column takes longer than finding the answers in it.
        responses[name].to_numpy(dtype=object) if name in responses else [None] * size
        for name in (*names, "finish_reason", "source_answer")
    ]
    found = []
    for problem_id, text, end, thought, unclear, reason, source in zip(*columns, strict=True):
        problem = known[problem_id]
        module = grader(problem["answer_type"])
        recorded = clean(strip_turns(source)) if isinstance(source, str) else ""
        if recorded and (not isinstance(text, str) or hasattr(module, "judge_row")):
            found.append(Extraction(recorded, SOURCE))
            continue
        found.append(extract_one(module, problem, text, end, thought, reason, unclear))
    return found


def extract_one(
    module: ModuleType,
    problem: Problem,
    text: Any,
    end: Any,
    thought: Any,
    reason: Any,
    unclear: Any = None,
) -> Extraction:
    """Answer of one reply, read behind its thinking; one that a search fails on has its cause."""
    try:
        return guarded(_extract, module, problem, text, end, thought, reason, unclear)
    except Undecidable as error:
        return Unread(error.cause)


def _extract(
    module: ModuleType,
    problem: Problem,
    text: Any,
    end: Any,
    thought: Any,
    reason: Any,
    unclear: Any,
) -> Extraction:
    """What ``module`` finds in the part of a reply that may hold its answer.

    Order: what the answer boxes, tags or announces; a box in the last OPEN_TAIL characters of the
    thinking; the fall-back. A reply cut at the token cap (``finish_reason`` "length") counts no
    phrase and no fall-back, since a number in the middle of its work is no final answer; a thinking
    that never closed counts a box only; where it is unknown whether a text is thinking or answer
    (``unclear``) there is no fall-back.
    """
    if not isinstance(text, str):
        return NOTHING
    border = end_of(text, end, thought, unclear)
    if border == NEVER:
        return _thought(module, text, problem)
    unknown = border != border
    cut = 0 if unknown else int(border)
    visible = strip_turns(text[cut:] if cut else text)
    if not cut and reason != "length" and not unknown:
        result: Extraction = module.extract(visible, problem)
        return result
    found = NOTHING
    if visible.strip():
        found = module.extract(visible, problem, False)
        if reason == "length" and not complete(visible, found.how):
            found = NOTHING
    if found.answer is None and cut and (WORD.search(visible) or not visible.strip()):
        found = _thought(module, text[:cut], problem)
    if found.answer is None and reason != "length" and not unknown and visible.strip():
        found = module.extract(visible, problem)
    return found


def _thought(module: ModuleType, thinking: str, problem: Problem) -> Extraction:
    """A box in the last characters of a thinking; none where a line after it says otherwise."""
    tail = thinking[-OPEN_TAIL:]
    found = module.extract(tail, problem, False)
    if found.how == PHRASE and (place := box_at(tail)) is not None:
        # "\\boxed{7}. Answer: 7": the line is read first, and the box is what counts here.
        box = module.extract(tail[: place[1]], problem, False)
        found = box if box.answer == found.answer else NOTHING
    return Extraction(found.answer, THINKING) if found.how == BOXED else NOTHING
