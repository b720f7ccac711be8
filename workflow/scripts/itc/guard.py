"""One answer never ends a job, and never holds it up.

Whatever code raises about one answer is turned into a cause, in this process as in the workers of
``grading._pool``, and what runs here has a clock of CPU time as a worker's task has. The clock is
a signal: Python looks for it between its steps, the ``re`` module every few thousand of its own, so
it ends loops and patterns that backtrack. It cannot end one long call of C code; the lengths of
what graders read, and patterns that are linear, bound those.
"""

from __future__ import annotations

import decimal
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
SECONDS = 2.0  # of CPU time for one answer, as grading._pool.CPU_SECONDS gives a worker's task
AGAIN = 0.2  # a library may swallow the first signal, so it comes again

# What an exception is called as a cause; the first kind that it belongs to.
CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (MemoryError, "memory"),
    (RecursionError, "nesting"),
    (UnicodeError, "encoding"),
    (decimal.DecimalException, "number"),
    (ArithmeticError, "number"),  # division by zero, overflow
)
ERROR = "error"


class Undecidable(Exception):
    """Nothing can be said about an answer; ``cause`` is one short word of ``docs/grading.md``."""

    def __init__(self, cause: str):
        super().__init__(cause)
        self.cause = cause


class Passing(Exception):
    """Base of what is no answer's fault, such as a missing sandbox: it ends the job."""


class _OutOfTime(BaseException):
    """The clock ran out. Not an Exception, so that no ``except Exception`` of a library eats it."""


def cause_of(error: BaseException) -> str:
    """The cause that stands for ``error``: its own, a kind of ``CAUSES``, else ``error``."""
    if isinstance(error, Undecidable):
        return error.cause
    return next((cause for kind, cause in CAUSES if isinstance(error, kind)), ERROR)


class _Clock:
    """The one clock of this process: a signal, so only where the main thread asks."""

    def __init__(self) -> None:
        self.armed = False
        self.installed: bool | None = None

    def ring(self, _: int, __: FrameType | None) -> None:
        if self.armed:
            raise _OutOfTime

    def available(self) -> bool:
        """Whether the signal is, or can be made, ours: not where a profiler has it."""
        if threading.current_thread() is not threading.main_thread() or self.armed:
            return False
        if self.installed is None:
            self.installed = signal.getsignal(signal.SIGPROF) in (signal.SIG_DFL, None)
            if self.installed:
                signal.signal(signal.SIGPROF, self.ring)
        return self.installed


_clock = _Clock()
_noted: set[tuple[str, type[Exception]]] = set()


def guarded(call: Callable[..., T], *args: Any, seconds: float = SECONDS) -> T:
    """``call(*args)``; raises Undecidable with a cause for whatever it raises.

    ``seconds`` of CPU time of the process; past it the cause is ``timeout``. In other threads than
    the main one, and inside another guarded call, there is no clock of its own. Only Passing
    and what is no Exception (an interrupt) come through as they are.
    """
    timed = _clock.available()
    try:
        try:
            if timed:
                _clock.armed = True
                signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN)
            return call(*args)
        finally:
            if timed:
                _clock.armed = False
                signal.setitimer(signal.ITIMER_PROF, 0.0)
    except (Undecidable, Passing):
        raise
    except _OutOfTime as error:
        if not timed:  # the clock of a call around this one
            raise
        raise Undecidable("timeout") from error
    except Exception as error:
        note(call, error)
        raise Undecidable(cause_of(error)) from error


def note(call: Callable[..., Any], error: Exception) -> None:
    """Log what was raised, once for each function and kind: the cause itself is one short word."""
    where = f"{getattr(call, '__module__', '?')}.{getattr(call, '__qualname__', '?')}"
    if (where, type(error)) not in _noted:
        _noted.add((where, type(error)))
        log.info("%s raised %s; such answers are undecided", where, repr(error)[:300])
