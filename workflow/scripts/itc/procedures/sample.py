"""Independent responses to the bare question: the raw material of most strategies."""

from __future__ import annotations

from collections.abc import Iterator

from itc.config import procedure as base
from itc.config.procedure import Settings
from itc.procedures._base import Ask, Chain, Work
from itc.procedures._options import check_prompts

TITLE = "Independent samples"
PARENT = None
PROMPTS = {"prompt": ("question",)}


class Options(base.Options):
    """None beyond those of every procedure."""


def check(name: str, settings: Settings) -> None:
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
