"""Snakemake's scheduler looks for jobs again once per timespan, however many jobs are done."""

import time
from types import SimpleNamespace

from itc.scheduling import keep_one_timer
from snakemake.scheduling.job_scheduler import JobScheduler


class Scheduler:
    def __init__(self):
        self.started = []

    def _schedule_reevalutation(self, delay):
        self.started.append(delay)


def test_one_timer_waits_at_a_time():
    scheduler = Scheduler()
    keep_one_timer(scheduler)
    for _ in range(100):
        scheduler._schedule_reevalutation(0.2)
    assert scheduler.started == [0.2]
    time.sleep(0.4)
    scheduler._schedule_reevalutation(0.2)
    assert scheduler.started == [0.2, 0.2]


def test_a_scheduler_without_timers_is_left_alone():
    other = SimpleNamespace(jobs=2)
    keep_one_timer(other)
    assert vars(other) == {"jobs": 2}


def test_snakemake_still_has_the_method_that_is_held_back():
    """Where this fails, Snakemake has changed: see whether `itc.scheduling` is still needed."""
    assert hasattr(JobScheduler, "_schedule_reevalutation")
