"""What a model was really sent: one rendered prompt and one request of each model and procedure.

It is kept beside each journal in ``{shard}.sent.json``, from the first request that a session asks
the engine for, and enters no table. API keys are never in it. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from itc.atomic import replaced

HIDDEN = "***"
# Names of values that may be secrets, wherever they are in a request.
_SECRET = re.compile(
    r"(?i)^(x[-_])?(api[-_]?key|authorization|bearer|password|access[-_]?token|credentials?)$|secret"
)
_LONGEST = 20_000  # characters of a text that are kept; the middle of a longer one is left out


def path_beside(journal: Path) -> Path:
    """File of what was sent, of a journal."""
    return journal.with_suffix(".sent.json")


def write(
    journal: Path,
    found: Mapping[str, Any],
    platform: Mapping[str, Any],
    secrets: Iterable[str | None] = (),
) -> None:
    """Keep what was sent for the first request of a session.

    found: what ``Engine.sent`` gives: ``endpoint``, ``prompt`` (rendered text, None where the
    server keeps it to itself) and ``body``. secrets: names of environment variables whose values
    must not be in it.
    """
    values = [value for name in secrets if name and (value := os.environ.get(name))]
    record = {
        "engine": platform.get("engine"),
        "engine_version": platform.get("engine_version"),
        **found,
    }
    text = json.dumps(clean(record, values), indent=1, ensure_ascii=True, default=str)
    replaced(path_beside(journal), text + "\n")


def adopt(journal: Path, origin: Path) -> None:
    """Take over what was sent from the journal that answers come from, where there is none yet."""
    own, theirs = path_beside(journal), path_beside(origin)
    if not own.exists() and theirs.is_file():
        replaced(own, theirs.read_text(encoding="utf-8"))


def clean(value: Any, secrets: Iterable[str] = ()) -> Any:
    """``value`` without secrets: values under such names, and these texts wherever they are."""
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN if _SECRET.search(str(key)) and item else clean(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean(item, secrets) for item in value]
    if not isinstance(value, str):
        return value
    for secret in secrets:
        value = value.replace(secret, HIDDEN)
    half = _LONGEST // 2
    return value if len(value) <= _LONGEST else f"{value[:half]}\n[...]\n{value[-half:]}"


def read(timing_files: Iterable[str], base: Path) -> list[dict[str, Any]]:
    """What was sent, one entry for each model and procedure that has any, in order of their names.

    timing_files: of the study's journals, relative to ``base``
    (``journal/{model}/{procedure}-{hash}/{shard}.timing.json``). Entries bear ``model``,
    ``procedure`` and ``file``. A file that is absent or damaged is passed over.
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for name in sorted(set(timing_files)):
        file = Path(name.removesuffix(".timing.json") + ".sent.json")
        folder = file.parent.name
        place = (file.parent.parent.name, folder.rpartition("-")[0], folder)
        if place in found:
            continue
        try:
            entry = json.loads((base / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(entry, dict):
            found[place] = {**entry, "model": place[0], "procedure": place[1], "file": str(file)}
    return [found[place] for place in sorted(found)]


def short(value: Any, numbers: int = 16) -> Any:
    """``value`` for a reader: a long list of numbers is its first ones and their count."""
    if isinstance(value, Mapping):
        return {key: short(item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) > numbers and all(isinstance(item, int) for item in value):
            return f"[{', '.join(map(str, value[:numbers]))}, ... {len(value)} in all]"
        return [short(item, numbers) for item in value]
    return value
