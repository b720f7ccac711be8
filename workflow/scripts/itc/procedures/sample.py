"""Independent responses to the bare question: the raw material of most strategies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from itc.procedures._base import Ask, Chain, Work
from itc.procedures._options import check_prompts

TITLE = "Independent samples"
PARENT = None
PROMPTS = {"prompt": ("question",)}
OPTIONS = {
    "long_prompt": "fail (default), or skip: record an empty response to a prompt over the window",
    "confidence_window": "tokens of a confidence group, default 2048",
}


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise ProcedureError for settings that cannot run."""
    check_prompts(name, settings, PROMPTS)


def requests(work: Work) -> int:
    """One call per problem and draw."""
    return len(work.problems) * len(work.draws)


def chains(work: Work) -> Iterator[Chain]:
    """All draws of a problem follow each other, so its prompt is computed once and cached."""
    for problem in work.problems:
        prompt = work.render(question=problem["question"])
        for draw in work.draws:
            yield _chain(work, Ask(problem["problem_id"], draw, 0, prompt))


def _chain(work: Work, ask: Ask) -> Chain:
    completion = yield ask
    yield work.record(ask, [completion])
