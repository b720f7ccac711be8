"""Files and folders by their content: a model's weights, a recording, whatever their size.

A file is read once, whole, in blocks that several threads hash side by side; its digest is then
remembered by path, size, times of change and inode in a file beside the journal, so that a
dry-run and the jobs of a cluster read the gigabytes no second time. Light imports only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from itc import registry
from itc.config.identity import by_content
from itc.config.model import Model
from itc.config.templates import normal

MEMORY = "contents.digests"  # name of the file that remembers digests, beside the journals
BLOCK = 64 << 20  # bytes that one thread hashes at a time; part of what a digest is
PIECE = 1 << 20  # bytes read at once
LARGE = 1 << 30  # bytes from which on somebody waits, and is told why
SMALL = 8 << 20  # bytes up to which reading again costs less than remembering
SETTLED = 2.0  # seconds a file must have lain still before its digest is remembered
# What lies in a model's folder and decides no answer: words for people, states of a training.
ASIDE = frozenset((".md", ".png", ".jpg", ".pdf", ".csv", ".log", ".gitattributes", ".lock"))
TRAINING = re.compile(
    r"(train|eval|optimizer|scheduler|rng_state|LICENSE)|.*_results\.json$", re.IGNORECASE
)


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class Contents:
    """Digests of files and folders, remembered in a file of lines that any job may add to.

    memory: that file, made when first needed; None, or a folder that cannot be written, remembers
    within this object only. tell: receives messages for people who wait. threads: hash at once.
    """

    def __init__(
        self,
        memory: str | Path | None = None,
        *,
        tell: Callable[[str], None] = _tell,
        threads: int | None = None,
    ) -> None:
        self._memory = Path(memory) if memory else None
        self._tell = tell
        self._threads = threads or min(16, len(os.sched_getaffinity(0)) + 2)
        self._known: dict[str, str] | None = None

    def file(self, path: str | Path) -> str:
        """Digest of one file: sha256 over the sha256 of its blocks, 64 hex digits."""
        return self._digests([Path(path)])[0]

    def files(self, paths: Iterable[str | Path]) -> list[str]:
        """Digests of several files; one message if a large part of them was never read."""
        return self._digests([Path(path) for path in paths])

    def folder(self, folder: str | Path) -> str:
        """Digest of a folder by names and content of its files, wherever it lies.

        Words for people, states of a training and files in subfolders do not count; a template
        counts without its comments.
        """
        folder = Path(folder)
        found = sorted(path for path in folder.iterdir() if path.is_file() and _counts(path))
        templates = [path for path in found if path.suffix == ".jinja"]
        plain = [path for path in found if path.suffix != ".jinja"]
        sums = dict(zip(plain, self._digests(plain), strict=True))
        sums |= {path: self.template(path) for path in templates}
        lines = "".join(f"{path.name} {sums[path]}\n" for path in found)
        return hashlib.sha256(lines.encode()).hexdigest()

    def of(self, path: str | Path) -> str:
        """Digest of a file or folder."""
        return self.folder(path) if Path(path).is_dir() else self.file(path)

    def template(self, path: str | Path) -> str:
        """Digest of a chat template's text without its comments."""
        text = normal(Path(path).read_text(encoding="utf-8", errors="replace"), chat=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def of_model(self, model: Model) -> dict[str, str]:
        """Files and folders that a model's entry names and that lie here -> their digests.

        Weights of a local folder, files of fields declared so, and whatever path stands in
        ``engine_options`` (a tokenizer, a draft model). Names of repositories are no paths.
        """
        found = {}
        if model.model and loads_weights(model) and Path(model.model).is_dir():
            found[model.model] = self.folder(model.model)
        values = [getattr(model, name) for name in by_content(Model)]
        for text in {*_texts(values), *_texts(model.engine_options)}:
            path = Path(text)
            if path.is_dir():
                found[text] = self.folder(path)
            elif path.is_file():
                jinja = path.suffix in (".jinja", ".j2") or text == model.chat_template
                found[text] = self.template(path) if jinja else self.file(path)
        return found

    # -- reading ---------------------------------------------------------------------------------

    def _digests(self, paths: list[Path]) -> list[str]:
        marks = {path: _mark(path) for path in paths}
        known = self._remembered()
        unread = [path for path in dict.fromkeys(paths) if marks[path] not in known]
        size = sum(path.stat().st_size for path in unread)
        if size >= LARGE:
            where = os.path.commonpath([str(path.parent) for path in unread])
            self._tell(
                f"reading {where} once, {size / 1e9:.1f} GB: its content is part of the identity "
                f"of what is made of it"
                + (f"; the digest is kept in {self._memory}" if self._memory else "")
            )
        started = time.monotonic()
        for path in unread:
            digest = self._read(path)
            known[marks[path]] = digest
            self._remember(path, marks[path], digest)
        if size >= LARGE:
            seconds = max(time.monotonic() - started, 1e-6)
            self._tell(f"read {size / 1e9:.1f} GB in {seconds:.0f} s")
        return [known[marks[path]] for path in paths]

    def _read(self, path: Path) -> str:
        size = path.stat().st_size
        starts = range(0, max(size, 1), BLOCK)
        if len(starts) == 1:
            blocks = [_block(path, 0)]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                blocks = list(pool.map(lambda start: _block(path, start), starts))
        return hashlib.sha256(size.to_bytes(8, "big") + b"".join(blocks)).hexdigest()

    # -- remembering -----------------------------------------------------------------------------

    def _remembered(self) -> dict[str, str]:
        if self._known is None:
            self._known = {}
            for entry in _lines(self._memory):
                self._known[entry["file"]] = entry["digest"]
        return self._known

    def _remember(self, path: Path, mark: str, digest: str) -> None:
        status = path.stat()
        still = time.time() - max(status.st_mtime, status.st_ctime) > SETTLED
        large = status.st_size > SMALL
        if self._memory is None or not large or not still or _mark(path) != mark:
            return  # a file under change may change again within the clock's tick
        line = json.dumps({"file": mark, "digest": digest}) + "\n"
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._memory, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            if status.st_size >= LARGE:
                self._tell(
                    f"{self._memory}: cannot be written ({error.strerror}), so {path} is read "
                    "again by every job; give `journal` a folder that can be written"
                )


def loads_weights(model: Model) -> bool:
    """Whether the model's engine loads weights itself (``WEIGHTS`` of its file)."""
    return bool(registry.constants("engines", model.engine).get("WEIGHTS", False))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value and len(value) < 4096 and "\0" not in value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _counts(path: Path) -> bool:
    aside = path.name.startswith(".") or TRAINING.match(path.name)
    return not aside and path.suffix.lower() not in ASIDE


def _mark(path: Path) -> str:
    """What a digest is remembered by."""
    status = path.stat()
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    return f"{path.resolve()} {status.st_size} {times} {status.st_ino}"


def _block(path: Path, start: int) -> bytes:
    digest = hashlib.sha256()
    left = BLOCK
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while left and (piece := file.read(min(PIECE, left))):
            digest.update(piece)
            left -= len(piece)
    return digest.digest()


def _lines(memory: Path | None) -> list[dict[str, Any]]:
    """Sound lines of the memory; what another job tore is read again from its file."""
    if memory is None:
        return []
    try:
        text = memory.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and {"file", "digest"} <= entry.keys():
            found.append(entry)
    return found
