"""The scripted engine under a test's control: while a file `hold` lies in the working directory
it finishes `free` requests and then no more. Tests put this file into a copy's engines/.
"""

import time
from contextlib import contextmanager
from pathlib import Path

from itc.engines import scripted

TITLE = "Scripted, paced (tests)"
# The file of finished requests grows while it runs: it decides no answer.
SERVING = ("free", "latency", "calls", "die_after", "gate", "capacity")


@contextmanager
def open_engine(model):
    with scripted.open_engine(model) as engine:
        yield PacedEngine(engine, model.engine_options["free"])


class PacedEngine:
    def __init__(self, engine, free):
        self._engine, self._free, self._finished = engine, free, 0

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def step(self):
        if self._finished >= self._free and Path("hold").exists():
            time.sleep(0.1)
            return []
        finished = self._engine.step()
        self._finished += len(finished)
        return finished
