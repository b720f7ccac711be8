"""Files that are whole or not there: written beside their place, then renamed.

The unfinished file is named after its machine and process. Where that process was killed and could
not tidy up, the next write of the same file does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ABANDONED = 86_400.0  # seconds after which another machine's unfinished file counts as left behind
MENDS = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room below the quota",
    errno.EFBIG: "allow larger files",
    errno.EROFS: "make the folder writable, or choose another (keys `results` and `journal`)",
    errno.EACCES: "make the folder writable, or choose another (keys `results` and `journal`)",
}
_ONLY_WRITES = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class WriteError(OSError):
    """A file cannot be written; the message names it and the mend."""

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


@contextmanager
def named(path: str | Path) -> Iterator[None]:
    """Name ``path`` in the error of a block that writes it: the system often names none.

    Raises WriteError for a full disk, an exceeded quota and a folder that may not be written;
    every other error passes as it is.
    """
    path = Path(path)
    try:
        yield
    except OSError as error:
        own = str(error.filename or "").startswith(str(path.parent))
        if isinstance(error, WriteError) or not (
            error.errno in _ONLY_WRITES or (error.errno in MENDS and own)
        ):
            raise
        reason = os.strerror(error.errno or 0)
        raise WriteError(
            error.errno,
            f"cannot be written ({reason}); nothing of it was left behind: "
            f"{MENDS[error.errno or 0]} and start the same command again",
            str(path),
        ) from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield the name under which to write; at the end of the block it becomes ``path``.

    Where the block fails, ``path`` is what it was and nothing else is left. Raises WriteError.
    """
    path = Path(path)
    with named(path), _beside(path, lambda partial: partial.unlink(missing_ok=True)) as partial:
        yield partial
        os.replace(partial, path)


@contextmanager
def scratch(path: str | Path) -> Iterator[Path]:
    """Yield a folder beside ``path`` for what it is put together from; gone behind the block."""
    path = Path(path)
    with named(path), _beside(path, _remove) as folder:
        folder.mkdir()
        yield folder
        _remove(folder)


def replaced(path: str | Path, content: str | bytes) -> None:
    """Write ``content`` (text as UTF-8) to ``path``, whole or not at all; see replacing."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextmanager
def _beside(path: Path, remove: Callable[[Path], None]) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    partial = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.partial")
    try:
        yield partial
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            remove(partial)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of ``path``."""
    # A plain listing: names of outputs may hold the signs of a pattern.
    head = f".{path.name}."
    for entry in os.scandir(path.parent):
        if entry.name.startswith(head) and entry.name.endswith(".partial"):
            with contextlib.suppress(OSError):  # another job may tidy up at the same time
                if _left(entry):
                    _remove(Path(entry.path))


def _left(entry: os.DirEntry[str]) -> bool:
    """Whether the process that wrote ``entry`` is gone, as far as can be known from here."""
    found = re.search(r"\.(?P<node>[^/]*)\.(?P<pid>\d+)\.partial$", entry.name)
    if found and found["node"].endswith(platform.node()):
        try:
            os.kill(int(found["pid"]), 0)
        except ProcessLookupError:
            return True
        except OSError:  # it lives and is another user's
            pass
    return time.time() - entry.stat().st_mtime > ABANDONED
