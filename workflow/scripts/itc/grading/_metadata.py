"""What a problem's metadata may hold: keys that its grader reads, and data that no code interprets.

A grader names the keys it reads in its constant ``METADATA``. All other keys of a dataset or an
import are kept below ``data``, which no grader is given. Only the user's configuration decides what
may run: a key that looks like a switch is an error wherever it comes from, and an archive, which
comes from others, may hold no key beyond these.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from itc import registry

INERT = "data"
COMMON = frozenset(("golds",))  # read for every type: all gold answers, where there are several
# Names, without case and signs, that would decide what runs, or be run, if anything read them.
SWITCHES = frozenset(
    (
        *("sandbox", "nosandbox", "unsandboxed", "sandboxed", "trustremotecode", "trust", "unsafe"),
        *("scorer", "scorers", "scoring", "scoringfunction", "scorefunction", "grader", "graders"),
        *("evaluates", "evaluate", "evaluator", "eval", "exec", "execute", "executes", "entry"),
        *("chattemplate", "template", "templates", "loader", "engine", "engineoptions", "plugin"),
        *("command", "shell", "script", "module", "import", "pickle", "environment", "env"),
    )
)


class MetadataError(ValueError):
    """Metadata hold what they may not; the message names the key and the mend."""


@cache
def listed(answer_type: str) -> frozenset[str]:
    """Keys that the grader of an answer type reads; raises UnknownExtensionError for no type."""
    return frozenset(registry.constants("grading", answer_type).get("METADATA", ())) | COMMON


def switch(key: str) -> bool:
    """Whether a key looks like a switch, however it is spelled."""
    plain = unicodedata.normalize("NFKC", key).casefold()
    return re.sub(r"[\W_]+", "", plain) in SWITCHES


def read(text: Any, where: str) -> dict[str, Any]:
    """Metadata as stored, decoded; raises MetadataError for what is no JSON object."""
    if not isinstance(text, str) or not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{where}: metadata are no JSON ({error})") from None
    if not isinstance(found, dict):
        raise MetadataError(f"{where}: metadata are {type(found).__name__}, not a JSON object")
    return found


def arrange(found: dict[str, Any], answer_type: str, where: str) -> dict[str, Any]:
    """Metadata with all keys that the grader does not read below ``data``.

    Raises MetadataError for a key that looks like a switch, unless the grader lists it.
    """
    known = listed(answer_type)
    inert = found.get(INERT)
    given = {key: value for key, value in found.items() if key != INERT}
    if INERT in found and not isinstance(inert, dict):
        given[INERT] = inert
    others = {key: value for key, value in given.items() if key not in known}
    others |= inert if isinstance(inert, dict) else {}
    for key in others:
        if switch(key):
            raise MetadataError(
                f"{where}: metadata key {key!r} looks like a switch; what runs is decided by your "
                "configuration alone. Leave the key out, or rename it if it is only data"
            )
    kept = {key: value for key, value in given.items() if key in known}
    return {**kept, INERT: others} if others else kept


def check(text: Any, answer_type: str, where: str) -> None:
    """Raise MetadataError where metadata of a stranger hold a key that the grader does not list."""
    found = read(text, where)
    unknown = sorted(set(found) - listed(answer_type) - {INERT})
    if unknown:
        raise MetadataError(
            f"{where}: metadata key {unknown[0]!r} is not one that answer type {answer_type!r} "
            f"reads ({', '.join(sorted(listed(answer_type))) or 'it reads none'})"
        )
    if found:
        arrange(found, answer_type, where)


@lru_cache(maxsize=20000)
def seen(text: str, answer_type: str) -> dict[str, Any]:
    """What the grader of an answer type is given of a problem's metadata: the keys it lists."""
    found = read(text, "a problem")
    return {key: found[key] for key in listed(answer_type) if key in found}
