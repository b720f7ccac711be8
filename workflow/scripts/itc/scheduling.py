"""One timer at a time for Snakemake's scheduler."""

from __future__ import annotations

import threading
from typing import Any


def keep_one_timer(scheduler: Any) -> None:
    """Let ``scheduler`` (Snakemake's JobScheduler) wait for one timer instead of ever more.

    Where submissions are limited per timespan, which they are by default, Snakemake 9.27 looks
    for jobs again a timespan after every look. Each finished job starts such a chain and none
    ends, so the looks per timespan grow with the jobs that are done: a third of a core after 300
    jobs. A timer that is still to come does for all. Does nothing where the scheduler has no such
    method any more.
    """
    if not hasattr(scheduler, "_schedule_reevalutation"):
        return
    start = scheduler._schedule_reevalutation
    waiting = threading.Event()

    def once(delay: float) -> None:
        if not waiting.is_set():
            waiting.set()
            threading.Timer(delay, waiting.clear).start()
            start(delay)

    scheduler._schedule_reevalutation = once
