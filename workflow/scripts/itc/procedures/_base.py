"""How a procedure turns problems (and parents' responses) into requests and recorded responses.

A procedure module holds

* ``TITLE``; ``PARENT``: kind of procedure whose responses it reads, or None; ``PROMPTS``: role ->
  variables its template may use; class ``Options``: its own config keys (config.Options);
* ``chains(work) -> iterator of chains``: a chain is a generator that yields ``Ask`` (or a list of
  asks that may run at once), is sent the ``Completion`` (or list), and yields ``Response`` for
  each row it records. Chains are independent, so they share one batch; a chain's own steps wait;
* ``requests(work) -> int``: how many calls that are at most, for progress and estimates;
* ``check(name, settings)``: what the types of its options cannot say;
* ``continues(settings, thinks) -> bool`` where calls go on from recorded tokens, which chat servers
  do not take; ``CONTINUES_PARENT = True`` where these are the parent's, whose prompt it shares;
* judges also have ``read_score(row, settings) -> float | None``.

Everything a chain asks for must follow from its work and the completions sent to it alone: a
resumed job replays chains from the journal.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jinja2

from itc.config.procedure import Kind, ProcedureError, Settings
from itc.engines._base import TOO_LONG, Completion, Cut, Params, Request
from itc.procedures._options import template
from itc.procedures._rows import LOGPROBS, PLATFORM, engine_settings, tokens, unfinished, whole
from itc.procedures._seed import derive_seed

if TYPE_CHECKING:
    import numpy as np

JOIN = "\n\n"  # between the calls of one response


@dataclass(frozen=True)
class Ask:
    """One call: the user's message, a prefix of the answer, what tells its seed from others'.

    parent_sha256: ``prompt_sha256`` of the response that the prefix was cut from, if known.
    """

    problem_id: str
    draw: int
    round: int
    prompt: str
    prefix: tuple[str | Cut, ...] = ()
    step: str = ""  # which call of this row: e.g. critique, summary 2
    overrides: Mapping[str, Any] = field(default_factory=dict)  # of sampling parameters
    parent_sha256: str = ""


@dataclass
class Response:
    """One row of table ``responses``, in the order its calls were made."""

    problem_id: str
    draw: int
    round: int
    parents: list[str]
    text: str
    thinking_end: int | None
    n_prompt_tokens: int | None
    n_output_tokens: int
    n_thinking_tokens: int | None
    token_ids: Sequence[int] | np.ndarray
    finish_reason: str | None
    prompt_sha256: str
    seed: int
    logprobs: dict[str, float]
    platform: dict[str, Any]


Chain = Generator[Ask | list[Ask] | Response, Any, None]


@dataclass
class Work:
    """All that a procedure may know: one dataset, one procedure entry, one block of draws.

    problems: rows of table datasets. parents: rows of table responses with ``answer`` and
    ``score`` of their annotations, sorted by (problem_id, draw, round); None without parent.
    thinking: delimiters of a model that thinks before it answers; None for one that does not, or
    whose thinking is switched off. resample: raised in the model's entry to draw everything again.
    """

    dataset: str
    model: str
    procedure: str
    settings: Settings
    problems: list[dict[str, Any]]
    parents: list[dict[str, Any]] | None
    draws: range
    seed: int
    thinking: tuple[str, str] | None
    logprobs: int = 0
    resample: int = 0
    _known: dict[str, Any] | None = field(default=None, repr=False)

    def options(self, kind: type[Kind]) -> Kind:
        """Keys of this procedure's kind."""
        return self.settings.options(kind)

    def render(self, role: str = "prompt", **variables: Any) -> str:
        """Fill the template of ``role``; raises ProcedureError for an unknown variable."""
        text = self.settings.prompts.get(role)
        if text is None:
            raise ProcedureError(
                f"procedure {self.procedure!r}: no prompt for role {role!r}; "
                f"give `prompt: {{{role}: <file in config/prompts>}}`"
            )
        try:
            return template(text).render(**variables)
        except jinja2.UndefinedError as error:
            raise ProcedureError(
                f"procedure {self.procedure!r}, prompt of role {role!r}: {error}; "
                f"known here: {', '.join(variables)}"
            ) from error

    def request(self, ask: Ask) -> Request:
        """The engine's request of ``ask``: messages, sampling parameters, derived seed."""
        system = self.settings.system_prompt
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": ask.prompt})
        params = Params.of(self.settings.entry, **{"logprobs": self.logprobs, **ask.overrides})
        return Request(
            tuple(messages),
            params,
            self.seed_of(ask),
            ask.prefix,
            ask.parent_sha256,
            self.settings.entry.chat_template_kwargs,
        )

    def seed_of(self, ask: Ask) -> int:
        """Seed of one call, in [0, 2**63); another for every (problem, draw, round, step).

        Raising ``resample`` gives other seeds; 0, its neutral value, is no part of them.
        """
        return derive_seed(
            self.seed,
            self.model,
            self.dataset,
            ask.problem_id,
            self.procedure,
            ask.draw,
            ask.round,
            ask.step,
            *([self.resample] if self.resample else []),
        )

    def by_problem(self) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Each problem with its parents' rows of the last round of each draw, in draw order."""
        found: dict[str, dict[int, dict[str, Any]]] = {}
        for row in self.parents or []:
            kept = found.setdefault(row["problem_id"], {})
            if row["draw"] not in kept or kept[row["draw"]]["round"] <= row["round"]:
                kept[row["draw"]] = row
        pairs = []
        for problem in self.problems:
            rows = found.get(problem["problem_id"], {})
            if not rows:
                raise ProcedureError(
                    f"procedure {self.procedure!r}: its parent has no response to problem "
                    f"{problem['problem_id']!r} of {self.dataset!r} in this shard; generate "
                    f"{self.settings.entry.parent or 'the parent'!r} first, with at least as many "
                    f"draws"
                )
            pairs.append((problem, [rows[draw] for draw in sorted(rows)]))
        return pairs

    def response_id(self, problem_id: str, draw: int, round_: int) -> str:
        """Readable identity of one row."""
        return f"{self.dataset}/{self.model}/{self.procedure}/{problem_id}/{draw}/{round_}"

    def record(
        self, ask: Ask, completions: Sequence[Completion], parents: Sequence[str] = ()
    ) -> Response:
        """The row of a response made by one or more calls, the last of which gives the answer.

        Texts are joined by a blank line and tokens are added up: earlier calls (a critique,
        summaries) are deliberation, they count as thinking and stand before ``thinking_end``.
        """
        *earlier, last = completions
        head = "".join(done.text + JOIN for done in earlier)
        spent = sum(done.n_output() for done in earlier)
        end = last.thinking_end
        if end is not None:
            end += len(head)
        elif earlier and not (unfinished(vars(last)) or self._unclosed(last)):
            end = len(head)
        thought = last.n_thinking_tokens
        return Response(
            problem_id=ask.problem_id,
            draw=ask.draw,
            round=ask.round,
            parents=list(parents),
            text=head + last.text,
            thinking_end=end,
            n_prompt_tokens=sum(c.n_prompt_tokens + len(c.prefix_ids) for c in completions),
            n_output_tokens=spent + last.n_output(),
            n_thinking_tokens=None if thought is None else spent + thought,
            token_ids=[token for done in completions for token in done.token_ids],
            finish_reason=last.finish_reason,
            prompt_sha256=last.prompt_sha256,
            seed=self.seed_of(ask),
            logprobs=last.logprobs,
            platform=last.platform,
        )

    def continued(
        self, ask: Ask, done: Completion, parents: Sequence[str], thought: int | None = None
    ) -> Response:
        """The row of an answer that the model went on with from a prefix: prefix and output.

        It is charged as if the model had written it in one go: the prompt once, the prefix as
        output. thought: thinking tokens, if not those of prefix and output together. A prompt over
        the window was never run, so nothing of it is thinking.
        """
        text = done.prefix_text + done.text
        ids = done.prefix_ids + done.token_ids
        inside, end = done.prefix_thinking_tokens, done.thinking_end
        if done.thinking_open:  # the prefix is part of the thinking
            end = None if end is None else end + len(done.prefix_text)
            inside += done.n_thinking_tokens or 0
        else:
            end = self._closed_in(done.prefix_text)
        return Response(
            problem_id=ask.problem_id,
            draw=ask.draw,
            round=ask.round,
            parents=list(parents),
            text=text,
            thinking_end=end,
            n_prompt_tokens=done.n_prompt_tokens,
            n_output_tokens=len(ids),
            n_thinking_tokens=(
                inside if thought is None or done.finish_reason == TOO_LONG else thought
            ),
            token_ids=ids,
            finish_reason=done.finish_reason,
            prompt_sha256=done.prompt_sha256,
            seed=self.seed_of(ask),
            logprobs=done.logprobs,
            platform=done.platform,
        )

    def carried(self, row: Mapping[str, Any], ask: Ask) -> Response:
        """A row that repeats a parent's response because there is nothing to ask for."""
        end = whole(row.get("thinking_end"))
        return Response(
            problem_id=ask.problem_id,
            draw=ask.draw,
            round=ask.round,
            parents=[row["response_id"]],
            text=row.get("text") or "",
            thinking_end=end,
            n_prompt_tokens=whole(row.get("n_prompt_tokens")),
            n_output_tokens=whole(row.get("n_output_tokens")) or 0,
            n_thinking_tokens=whole(row.get("n_thinking_tokens")),
            token_ids=list(tokens(row)),
            finish_reason=row.get("finish_reason"),
            prompt_sha256=row.get("prompt_sha256") or "",
            seed=int(row["seed"]),
            logprobs={n: row[n] for n in LOGPROBS if row.get(n) is not None and row[n] == row[n]},
            platform={n: row.get(n) for n in PLATFORM} | {"settings": engine_settings(row)},
        )

    def answer_of(self, response: Response) -> str | None:
        """Final answer of a response made in this job, as the grader of its problem reads it."""
        from itc.grading import _grade  # pandas: only where an answer is needed

        if self._known is None:
            import pandas as pd

            self._known = _grade.by_id(pd.DataFrame(self.problems))
        problem = self._known[response.problem_id]
        found = _grade.extract_one(
            _grade.grader(problem["answer_type"]),
            problem,
            response.text,
            response.thinking_end,
            response.n_thinking_tokens,
            response.finish_reason,
        )
        return found.answer

    def _closed_in(self, text: str) -> int | None:
        if self.thinking is None:
            return None
        found = text.rfind(self.thinking[1])
        return None if found < 0 else found + len(self.thinking[1])

    def _unclosed(self, done: Completion) -> bool:
        opened = done.thinking_open or (self.thinking and self.thinking[0] in done.text)
        return bool(opened) and done.thinking_end is None
