"""What a job leaves: a log that is written line by line, and no half-written file."""

from __future__ import annotations

import os
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


def replaced(path: str | Path, text: str) -> None:
    """Write ``text`` beside ``path`` and rename it, so that the file is whole or not there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
