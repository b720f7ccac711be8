"""Feed one engine with the requests of many chains, journalling each answer as it arrives."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itc import sent
from itc.config.identity import behaviour
from itc.engines._base import (
    TOO_LONG,
    Completion,
    Engine,
    LongPromptError,
    PromptError,
    Request,
)
from itc.generation_progress import Counts
from itc.journal import Journal, request_key
from itc.journal_index import Elsewhere
from itc.procedures._base import Ask, Chain, Response, Work
from itc.procedures._options import ProcedureError


@dataclass
class Live:
    """A chain that is under way."""

    chain: Chain
    work: Work
    journal: Journal
    rows: list[Response] | None = None  # where recorded responses go; None forgets them
    elsewhere: Elsewhere | None = None  # other journals that may hold the answer
    results: list[Completion | None] = field(default_factory=list)
    several: bool = False
    waiting: int = 0


class Stream:
    """Runs chains over one engine, which is opened at the first request no journal holds."""

    def __init__(
        self,
        identity: dict[str, Any],
        open_engine: Callable[[], AbstractContextManager[Engine]],
        *,
        tell: Callable[[Counts], None] = lambda counts: None,
        stop: Callable[[], bool] = lambda: False,
        secrets: tuple[str | None, ...] = (),
    ) -> None:
        """identity: of the model, see engines. stop: asked between steps, True ends the stream.
        secrets: names of environment variables whose values are written nowhere."""
        self.counts = Counts()
        self.origins: Counter[tuple[str, Path]] = Counter()  # (procedure, journal) -> adopted
        self.engine: Engine | None = None
        self.start_seconds = 0.0
        self._identity = identity
        self._open_engine = open_engine
        self._context: AbstractContextManager[Engine] | None = None
        self._tell, self._stop, self._secrets = tell, stop, secrets
        self._waiters: dict[str, list[tuple[Live, int]]] = {}
        self._ready: list[tuple[Live, Any]] = []
        self._sent: set[Path] = set()  # journals whose first request of this session is kept

    def run(self, lives: Iterable[Live]) -> bool:
        """Run all chains to their end; False if ``stop`` ended the stream before.

        Chains are taken from ``lives`` only as the engine has room, so memory stays flat.
        """
        source = iter(lives)
        try:
            while not self._stop():
                self._feed(source)
                if not self._waiters:
                    return True
                for completion in self._live_engine().step():
                    self._deliver(completion)
                self._tell(self.counts)
            return False
        finally:
            self._close()

    def replay(self, live: Live) -> None:
        """Run one chain on the journal alone; a missing answer is an error."""
        self._advance(live, None, replay=True)

    def _feed(self, source: Iterator[Live]) -> None:
        """Send answers on, then start chains until the engine has enough to do."""
        while True:
            while self._ready:
                self._guarded(*self._ready.pop(), source)
            if len(self._waiters) >= (self.engine.capacity if self.engine else 1):
                return
            live = next(source, None)
            if live is None:
                return
            self._guarded(live, None, source)

    def _guarded(self, live: Live, value: Any, source: Iterator[Live]) -> None:
        try:
            self._advance(live, value)
        except LongPromptError as error:
            raise self._count_long(error, source) from error

    def _advance(self, live: Live, value: Any, replay: bool = False) -> None:
        """Send ``value`` into the chain and go on until it waits for the engine, or ends."""
        while True:
            try:
                step = live.chain.send(value)
            except StopIteration:
                return
            if isinstance(step, Response):
                if live.rows is not None:
                    live.rows.append(step)
                value = None
                continue
            asks = step if isinstance(step, list) else [step]
            live.several = isinstance(step, list)
            live.results = [None] * len(asks)
            live.waiting = 0
            for index, ask in enumerate(asks):
                self._ask(live, index, ask, replay)
            if live.waiting:
                return
            value = live.results if live.several else live.results[0]

    def _ask(self, live: Live, index: int, ask: Ask, replay: bool) -> None:
        request = live.work.request(ask)
        key = key_of(self._identity, live.work, request)
        record = self._recorded(live, key)
        if record is not None:
            live.results[index] = self._restore(key, record)
            self.counts.from_journal += not replay
            return
        if replay:
            raise RuntimeError(
                f"{live.journal.path}: no answer to {live.work.procedure} of {ask.problem_id}, "
                f"draw {ask.draw}, round {ask.round}; the procedure asked for something else than "
                f"before, so it does not depend on its inputs alone"
            )
        live.waiting += 1
        if key in self._waiters:
            self._waiters[key].append((live, index))
            return
        try:
            self._live_engine().add(key, request)
        except LongPromptError as error:
            if not _skips(live.work):
                error.args = (f"{self._name(live.work, ask)}: {error.args[0]}",)
                raise
            live.waiting -= 1
            self._skip(live, index, key, error)
            return
        except PromptError as error:
            error.args = (f"{self._name(live.work, ask)}: {error.args[0]}",)
            raise
        self.counts.asked += 1
        if live.journal.path not in self._sent:
            self._sent.add(live.journal.path)
            engine = self._live_engine()
            found = engine.sent(request)
            sent.write(live.journal.path, found, engine.platform, self._secrets)
        self._waiters[key] = [(live, index)]

    def _recorded(self, live: Live, key: str) -> dict[str, Any] | None:
        """The answer of a journal: this job's, else any of the same model and procedure.

        What another journal holds is written into this one, so that it is looked for only once.
        """
        names = recorded_as(key, live.work)
        for name in names:
            record = live.journal.get(name)
            if record is not None:
                return record
        for name in names if live.elsewhere else ():
            found = live.elsewhere.get(name) if live.elsewhere else None
            if found is not None:
                record, origin = found
                live.journal.append(name, record)
                sent.adopt(live.journal.path, origin)
                self.counts.adopted += 1
                self.origins[live.work.procedure, origin] += 1
                return record
        return None

    def _skip(self, live: Live, index: int, key: str, error: LongPromptError) -> None:
        platform = self._live_engine().platform
        completion = Completion.too_long(key, platform, error.n_tokens)
        self._write(live.journal, completion)
        live.results[index] = completion
        self.counts.skipped += 1

    def _deliver(self, completion: Completion) -> None:
        waiters = self._waiters.pop(completion.key)
        if completion.finish_reason == TOO_LONG:  # a server found out by itself
            for live, _ in waiters:
                if not _skips(live.work):
                    raise ProcedureError(
                        f"{live.work.dataset}, procedure {live.work.procedure}: the server refused "
                        f"a prompt as longer than its window; shorten the prompt, or set "
                        f"`long_prompt: skip` on the procedure"
                    )
        for live, index in waiters:
            self._write(live.journal, completion)
            live.results[index] = completion
            live.waiting -= 1
            if live.waiting == 0:
                self._ready.append((live, live.results if live.several else live.results[0]))
        self.counts.finished += 1
        self.counts.tokens += completion.n_output()
        self.counts.prompt_tokens += completion.n_prompt_tokens + len(completion.prefix_ids)

    @staticmethod
    def _write(journal: Journal, completion: Completion) -> None:
        # The platform stands in every record: a resumed shard may have seen two.
        refused = completion.finish_reason == TOO_LONG
        name = refusal_key(completion.key) if refused else completion.key
        if name not in journal:
            journal.append(name, completion.record())

    @staticmethod
    def _restore(key: str, record: dict[str, Any]) -> Completion:
        return Completion(**record, key=key)

    def _count_long(self, error: LongPromptError, source: Iterator[Live]) -> ProcedureError:
        """Look at all remaining first requests, so that one error names how many are too long."""
        engine, found = self._live_engine(), [error.args[0]]
        for other in source:
            step = next(other.chain, None)
            for ask in step if isinstance(step, list) else [step]:
                if not isinstance(ask, Ask):
                    continue
                try:
                    engine.measure(other.work.request(ask))
                except LongPromptError as more:
                    found.append(f"{self._name(other.work, ask)}: {more.n_tokens} tokens")
        shown = "\n  ".join(dict.fromkeys(found[:10]))
        return ProcedureError(
            f"{len(found)} prompts are longer than the model's window:\n  {shown}\nRaise "
            f"max_model_len, shorten the prompt, or set `long_prompt: skip` on the procedure to "
            f"record them as responses without text ({TOO_LONG}). What finished is in the journal"
        )

    @staticmethod
    def _name(work: Work, ask: Ask) -> str:
        return f"{work.dataset}/{ask.problem_id}, procedure {work.procedure}, draw {ask.draw}"

    def _live_engine(self) -> Engine:
        if self.engine is None:
            started = time.monotonic()
            self._context = self._open_engine()
            self.engine = self._context.__enter__()
            self.start_seconds = time.monotonic() - started
        return self.engine

    def _close(self) -> None:
        if self._context is not None:
            context, self._context = self._context, None
            context.__exit__(*sys.exc_info())


def key_of(identity: dict[str, Any], work: Work, request: Request) -> str:
    """Key of a request to a model: all that decides its answer, and how its procedure behaves."""
    content = {"model": identity, **request.content()}
    changes = behaviour("procedures", work.settings.entry.kind)
    if changes:  # the same request of a procedure that now cuts or joins answers otherwise
        content["procedure"] = {"kind": work.settings.entry.kind, "behaviour": max(changes)}
    return request_key(content)


def recorded_as(key: str, work: Work) -> list[str]:
    """Keys under which a journal may hold what counts as the answer."""
    return [key, refusal_key(key)] if _skips(work) else [key]


def refusal_key(key: str) -> str:
    """Key under which the refusal of a prompt for its length is recorded.

    It is not the request's own: a refusal is no answer. `long_prompt: skip` reads it, `fail` asks.
    """
    return request_key({"refused": key})


def _skips(work: Work) -> bool:
    return work.settings.entry.long_prompt == "skip"
