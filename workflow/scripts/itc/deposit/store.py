"""Read access to an archive, an unpacked folder or its tar file, and its verification.

Nothing is extracted by name: a member is found in a list that was checked, and only plain files
are members. Light imports only.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from itc import strict_yaml
from itc.deposit.manifest import LARGEST, MANIFEST, OVERLAY, ArchiveError, Manifest, parse, safe

AGAIN = "fetch the archive again"


class Store(Protocol):
    """Plain files of an archive by their name in it."""

    def sizes(self) -> dict[str, int]:
        """Bytes of every file; raises ArchiveError for what is no plain file inside."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open one file; raises KeyError where there is none."""
        ...


class _Folder:
    def __init__(self, path: Path):
        self.path = path

    def sizes(self) -> dict[str, int]:
        found = {}
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise ArchiveError(
                    f"{self.path}: {name} is a link or a special file, which no archive holds; "
                    f"delete it or {AGAIN}"
                )
            if path.is_file():
                found[name] = path.stat().st_size
        return found

    def open(self, name: str) -> IO[bytes]:
        path = self.path / name
        if path.is_symlink() or not path.is_file():
            raise KeyError(name)
        return path.open("rb")


class _Tar:
    def __init__(self, path: Path, tar: tarfile.TarFile):
        self.path, self.tar, self.members = path, tar, dict[str, tarfile.TarInfo]()
        self._top: str | None = None

    def _add(self, member: tarfile.TarInfo) -> str:
        first, _, name = member.name.partition("/")
        # A sparse member says any size and takes no room: it could be read for ever.
        plain = member.isreg() and not member.issparse()
        if not plain or not safe(member.name) or not name:
            raise ArchiveError(
                f"{self.path}: member {member.name!r} is no plain file below one folder; {AGAIN}"
            )
        self._top = self._top or first
        if first != self._top or name in self.members:
            raise ArchiveError(
                f"{self.path}: member {member.name!r} occurs twice or lies in another folder than "
                f"{self._top!r}; {AGAIN}"
            )
        self.members[name] = member
        return name

    def sizes(self) -> dict[str, int]:
        while (member := self.tar.next()) is not None:
            self._add(member)
        return {name: member.size for name, member in self.members.items()}

    def open(self, name: str) -> IO[bytes]:
        while name not in self.members and (member := self.tar.next()) is not None:
            self._add(member)
        file = self.tar.extractfile(self.members[name])
        assert file is not None  # only directories and links have no content
        return file


@contextmanager
def opened(path: str | Path) -> Iterator[Store]:
    """Open the archive at ``path``: an unpacked folder, or a tar file.

    Raises ArchiveError where there is none; a damaged tar file is named as well.
    """
    path = Path(path)
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.is_file():
        raise ArchiveError(f"{path}: no archive there (a folder or a tar file); correct the path")
    try:
        with tarfile.open(path, "r:") as tar:
            yield _Tar(path, tar)
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError(
            f"{path}: not a complete tar file ({error}); {AGAIN}, or unpack it if it is compressed"
        ) from error


@cache
def read_manifest(path: Path) -> tuple[Manifest, str]:
    """Manifest of the archive at ``path`` and its sha256, which identifies the whole archive."""
    with opened(path) as store:
        try:
            with store.open(MANIFEST) as file:
                data = file.read(LARGEST + 1)
        except KeyError:
            raise ArchiveError(f"{path}: holds no {MANIFEST}; {AGAIN}") from None
    if len(data) > LARGEST:
        raise ArchiveError(f"{path}: {MANIFEST} is larger than {LARGEST} bytes; {AGAIN}")
    return parse(data, str(path)), hashlib.sha256(data).hexdigest()


def verify(store: Store, manifest: Manifest, where: str) -> None:
    """Compare every file with the manifest: none missing, none more, each size, each checksum.

    Raises ArchiveError naming the first file at fault.
    """
    found = store.sizes()
    found.pop(MANIFEST, None)
    for name, entry in manifest.files.items():
        if name not in found:
            raise ArchiveError(f"{where}: {name} is missing; {AGAIN}")
        if found[name] != entry.bytes:
            raise ArchiveError(
                f"{where}: {name} has {found[name]} bytes, its manifest says {entry.bytes}: it was "
                f"truncated or changed; {AGAIN}"
            )
    more = sorted(set(found) - set(manifest.files))
    if more:
        raise ArchiveError(f"{where}: {more[0]} is not in the manifest; delete it or {AGAIN}")
    for name, entry in manifest.files.items():
        with store.open(name) as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        if checksum != entry.sha256:
            raise ArchiveError(
                f"{where}: {name} has sha256 {checksum}, its manifest says {entry.sha256}: it was "
                f"changed; {AGAIN}"
            )


def beside(configfiles: list[str]) -> str | None:
    """Folder of the first config file that is the overlay of an unpacked archive."""
    for file in map(Path, configfiles):
        if file.name == OVERLAY and (file.parent / MANIFEST).is_file():
            return str(file.parent)
    return None


def check_keys(config: dict[str, Any], where: str) -> None:
    """Refuse an overlay whose entries set more than an archive writes; raises ArchiveError.

    Keys that no replay reads are refused as well: what has no effect today may have one tomorrow.
    """
    from itc import registry
    from itc.config.schema import Archive, Procedure, Study
    from itc.deposit.describe import DATASET_KEYS, MODEL_KEYS

    for name, entry in config["procedures"].items():
        if entry.get("kind") not in registry.names("procedures"):
            raise ArchiveError(
                f"{where}: procedures.{name}.kind: {str(entry.get('kind'))[:60]!r} is none of "
                f"{', '.join(registry.names('procedures'))}"
            )
    source = {"import_from", "recorded_as"}
    allowed = {
        "study": {"": set(Study.model_fields)},
        "datasets": {d: {*DATASET_KEYS, "loader", *source} for d in config["datasets"]},
        "models": {m: {*MODEL_KEYS, "source", *source} for m in config["models"]},
        "archives": {a: set(Archive.model_fields) - {"path"} for a in config["archives"]},
        "procedures": {
            name: set(Procedure.model_fields)
            | set(registry.options("procedures", str(entry.get("kind"))))
            for name, entry in config["procedures"].items()
        },
    }
    for kind, entries in allowed.items():
        for name, keys in entries.items():
            found = config[kind][name] if name else config[kind]
            more = sorted(set(found) - keys)
            if more:
                place = ".".join(part for part in (kind, name, more[0]) if part)
                raise ArchiveError(
                    f"{where}: {place} is no key that an archive may set; allowed: "
                    f"{', '.join(sorted(keys))}. Do not use the archive unless you trust its source"
                )


def overlay(path: str) -> dict[str, Any]:
    """Configuration that replays the archive at ``path``.

    An archive comes from others, so its configuration may define data and nothing that runs: its
    models are replayed, its study is named as its manifest says. Raises ArchiveError otherwise.
    """
    manifest, _ = read_manifest(Path(path))
    with opened(path) as store:
        try:
            with store.open(OVERLAY) as file:
                data = file.read(strict_yaml.LARGEST + 1)
        except KeyError:
            raise ArchiveError(f"{path}: {OVERLAY} is missing; {AGAIN}") from None
    expected = manifest.files.get(OVERLAY)
    if expected is None or hashlib.sha256(data).hexdigest() != expected.sha256:
        raise ArchiveError(
            f"{path}: {OVERLAY} is not the file its manifest lists; {AGAIN}. To change a setting "
            "of the study give a config file of your own behind it"
        )
    try:
        config = strict_yaml.load(data)
    except strict_yaml.StrictYamlError as error:
        raise ArchiveError(
            f"{path}: {OVERLAY}: {error}; {AGAIN} from a source you trust (these limits are fixed: "
            "no archive needs more)"
        ) from error
    allowed = {"study", "datasets", "models", "procedures", "archives"}
    if not isinstance(config, dict) or not set(config) <= allowed:
        raise ArchiveError(f"{path}: {OVERLAY} may set only {', '.join(sorted(allowed))}; {AGAIN}")
    for section in ("study", "datasets", "models", "procedures", "archives"):
        entries = config.get(section)
        named = entries if isinstance(entries, dict) else {1: None}
        plain = all(isinstance(name, str) for name in named) and (
            section == "study" or all(isinstance(entry, dict) for entry in named.values())
        )
        if not plain:
            raise ArchiveError(
                f"{path}: {OVERLAY}: `{section}` is no mapping of names to entries; {AGAIN}"
            )
    unfit = [
        *(m for m, entry in config["models"].items() if entry.get("source") != "archive"),
        *(d for d, entry in config["datasets"].items() if entry.get("loader") != "archive"),
        *(a for a, entry in config["archives"].items() if entry.get("path") is not None),
    ]
    check_keys(config, f"{path}: {OVERLAY}")
    if unfit or config["study"].get("name") != manifest.study:
        raise ArchiveError(
            f"{path}: {OVERLAY} does more than replay the archive ({[*unfit, 'study.name'][0]}); "
            f"{AGAIN}"
        )
    return config
