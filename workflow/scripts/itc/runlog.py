"""The log of a job, written line by line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send stdout and stderr of the block to ``path``, line-buffered.

    An exception is written there with its traceback and shown on the real stderr in one line, since
    Snakemake prints the end of the log of a failed job.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    before = sys.stdout, sys.stderr
    with target.open("w", buffering=1, encoding="utf-8") as log:
        sys.stdout = sys.stderr = log
        try:
            yield
        except BaseException:
            traceback.print_exc(file=log)
            raise
        finally:
            sys.stdout, sys.stderr = before
