"""The log of a job, written line by line."""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send stdout and stderr of the block to ``path``, line-buffered.

    An exception is written there with its traceback and shown on the real stderr in one line, since
    Snakemake prints the end of the log of a failed job. The last line of a block that ends well
    tells the seconds and the memory of the process; `benchmarks/scale.py` reads it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    before = sys.stdout, sys.stderr
    start = time.monotonic()
    with target.open("w", buffering=1, encoding="utf-8") as log:
        sys.stdout = sys.stderr = log
        try:
            yield
            print(_usage(time.monotonic() - start))
        except BaseException:
            traceback.print_exc(file=log)
            raise
        finally:
            sys.stdout, sys.stderr = before


def _usage(seconds: float) -> str:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return (
        f"took {seconds:.1f} s, {cpu:.1f} s of CPU with start and children, peak memory "
        f"{own.ru_maxrss / 1024:.0f} MB, of its largest child {children.ru_maxrss / 1024:.0f} MB"
    )
