"""What an archive says it holds: ``manifest.json``, checked before anything else is believed.

Light imports only: the Snakefile reads manifests to know an archive's cells.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from itc.config.schema import MOST_DRAWS

FORMAT, VERSION = "itc-archive", 1
MANIFEST, OVERLAY = "manifest.json", "replay.yaml"
LARGEST = 256 * 1024 * 1024  # bytes of a manifest; a million files need less
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")

# Names become parts of paths of the checkout that replays.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class ArchiveError(ValueError):
    """An archive cannot be used; the message names the archive, the file in it and the mend."""


def safe(name: str) -> bool:
    """Whether ``name`` stays inside the archive: relative, plain, no hidden and no parent parts."""
    return bool(name) and all(_PART.fullmatch(part) for part in name.split("/"))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class File(_Strict):
    """Size and checksum of one file."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Problems(_Strict):
    """Table of one dataset; ``withheld``: ids and hashes only, the licence forbids the rest."""

    file: str
    withheld: bool


class Responses(_Strict):
    """One shard of responses; ``sealed``: without text, its outcomes are in the archive."""

    dataset: Name
    model: Name
    procedure: Name
    shard: str = Field(pattern=r"^\d{3}$")
    file: str
    sealed: bool


class Outcomes(_Strict):
    """Grades, answer classes and features of one dataset and model whose text is not held."""

    dataset: Name
    model: Name
    file: str


class Code(_Strict):
    """The code that wrote the archive."""

    commit: str | None
    dirty: bool | None
    fingerprint: str


class Manifest(_Strict):
    """All that an archive holds; every other file is listed under ``files``."""

    format: Literal["itc-archive"]
    version: int
    study: Name
    title: str
    text: Literal["keep", "hash", "drop"]
    draws: int = Field(gt=0, le=MOST_DRAWS)
    shard_size: int = Field(gt=0, le=MOST_DRAWS)
    seeds: dict[str, int]
    features: list[str]
    tables: dict[str, int]
    code: Code
    datasets: dict[Name, Problems]
    responses: list[Responses]
    outcomes: list[Outcomes]
    files: dict[str, File]

    @model_validator(mode="after")
    def _consistent(self) -> Manifest:
        for name in self.files:
            if not safe(name) or name == MANIFEST:
                raise ValueError(f"file name {name!r} is not one inside the archive")
        tables = [entry.file for entry in self.datasets.values()]
        tables += [entry.file for entry in self.responses]
        tables += [entry.file for entry in self.outcomes]
        for name in tables:
            if name not in self.files:
                raise ValueError(f"{name!r} is named but not under `files`")
        twice = [name for name, count in Counter(tables).items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} is named twice")
        foreign = {r.dataset for r in self.responses} - set(self.datasets)
        if foreign:
            raise ValueError(f"responses to {sorted(foreign)[0]!r}, which is not under `datasets`")
        sealed = {(r.dataset, r.model) for r in self.responses if r.sealed}
        if sealed != {(o.dataset, o.model) for o in self.outcomes}:
            raise ValueError("responses without text and `outcomes` are not of the same cells")
        return self

    @property
    def models(self) -> list[str]:
        """Models that have responses."""
        return sorted({r.model for r in self.responses})

    def outcome(self, dataset: str, model: str) -> str:
        """File of the outcomes of a cell without text."""
        return next(o.file for o in self.outcomes if (o.dataset, o.model) == (dataset, model))


def parse(data: bytes, where: str) -> Manifest:
    """Read a manifest; raises ArchiveError for another format, a newer version, or a bad entry."""
    try:
        raw: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(
            f"{where}: {MANIFEST} is not JSON ({error}); fetch the archive again"
        ) from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ArchiveError(
            f"{where}: {MANIFEST} is not that of an archive of this workflow (format {FORMAT!r}); "
            "recordings of other tools come in through `imports`"
        )
    if raw.get("version") != VERSION:
        commit = raw.get("code", {}).get("commit") if isinstance(raw.get("code"), dict) else None
        raise ArchiveError(
            f"{where}: the archive has format version {raw.get('version')!r}, this checkout reads "
            f"version {VERSION}; replay it with the release that wrote it"
            + (f" (commit {commit})" if commit else "")
        )
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ArchiveError(
            f"{where}: {MANIFEST}{f', {key}' if key else ''}: {first['msg']}; the archive is "
            "damaged or was edited: fetch it again"
        ) from None


def sha256(data: bytes) -> str:
    """Checksum of bytes, hex."""
    return hashlib.sha256(data).hexdigest()
