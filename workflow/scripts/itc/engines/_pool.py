"""Several servers of one model as one: the least busy is asked, another where it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from itc.engines._base import EngineError
from itc.engines._http import Facts, NoAnswerError, Server

_LONGEST_REST = 60.0  # seconds that a server which failed is left alone


class Pool:
    """Servers of one model, with the methods of ``Server``.

    servers: each with one try. tries: rounds over all of them. pause: seconds before the second
    round, doubled each time; also how long a server that failed is left alone, doubled likewise
    while it stays away.
    """

    def __init__(self, servers: Sequence[Server], *, tries: int = 8, pause: float = 1.0) -> None:
        self._servers = list(servers)
        self._tries, self._pause = tries, pause
        self._busy = [0] * len(servers)
        self._failures = [0] * len(servers)
        self._back = [0.0] * len(servers)  # when each may be asked again
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def close(self) -> None:
        """Drop what is in flight."""
        self._closing.set()
        for server in self._servers:
            server.close()

    def post(
        self,
        path: str,
        body: dict[str, Any],
        fault: Callable[[Any], str | None] = lambda answer: None,
        timeout: float | None = None,
    ) -> dict[str, Any] | None:
        """See ``Server.post``. A refusal (status 400) of one server is one of all of them."""
        last: NoAnswerError | None = None
        for number in range(self._tries):
            if number and self._closing.wait(min(self._pause * 2 ** (number - 1), _LONGEST_REST)):
                raise EngineError(f"stopped while waiting to try again; last: {last}")
            tried: set[int] = set()
            while (place := self._choose(tried)) is not None:
                tried.add(place)
                try:
                    answer = self._servers[place].post(path, body, fault, timeout)
                except NoAnswerError as error:
                    last = error
                    self._release(place, error.rest)
                    continue
                except BaseException:
                    self._release(place)
                    raise
                self._release(place, answered=True)
                return answer
        raise EngineError(
            f"none of {len(self._servers)} servers gave an answer in {self._tries} rounds; {last}"
        )

    def facts(self, model: str) -> Facts:
        """What the servers say of themselves; several versions are all named.

        The window is the smallest, and a program that not all of them are is none.
        """
        found = [server.facts(model) for server in self._servers]
        known = [facts for facts in found if facts.version != "unknown"] or found[:1]
        programs = {facts.program for facts in known}
        windows = [facts.window for facts in known if facts.window]
        return Facts(
            program=programs.pop() if len(programs) == 1 else "",
            version=", ".join(sorted({facts.version for facts in known})),
            window=min(windows, default=None),
        )

    def render(self, model: str, messages: list[dict[str, str]], **options: Any) -> str | None:
        """See ``Server.render``; of the first server that says."""
        rendered = (server.render(model, messages, **options) for server in self._servers)
        return next((text for text in rendered if text is not None), None)

    def _choose(self, tried: set[int]) -> int | None:
        """The least busy server that is not resting and was not tried in this round.

        Where all others rest, the one that rested longest: it may be back.
        """
        with self._lock:
            left = [i for i in range(len(self._servers)) if i not in tried]
            now = time.monotonic()
            awake = [i for i in left if self._back[i] <= now]
            if awake:
                place = min(awake, key=lambda i: (self._busy[i], i))
            elif left and not tried:
                place = min(left, key=lambda i: self._back[i])
            else:
                return None
            self._busy[place] += 1
            return place

    def _release(self, place: int, rest: float | None = None, *, answered: bool = False) -> None:
        with self._lock:
            self._busy[place] -= 1
            if answered:
                self._failures[place], self._back[place] = 0, 0.0
            elif rest is not None:
                seconds = max(rest, self._pause * 2 ** min(self._failures[place], 10))
                self._failures[place] += 1
                self._back[place] = time.monotonic() + min(seconds, _LONGEST_REST)
