"""Lexicons: versioned lists of marker words, read from ``config/lexicons/*.yaml``.

A lexicon has categories, a category has markers, a marker has forms (its inflections and
spellings, listed one by one; nothing is stemmed). Lexicons of one ``family`` compete for the text:
where two entries could match, the longest wins and the text counts once. Families do not see each
other, so adding a published list never changes the counts of ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[4] / "config" / "lexicons"

_ENTRY = re.compile(r"[a-z0-9](?:[ a-z0-9',.\-]*[a-z0-9])?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = {"family", "name", "version", "language", "title", "origin", "licence", "categories"}
_OPTIONAL = {"blocked", "leave_out"}


class LexiconError(ValueError):
    """A lexicon file does not keep its format; the message names the file, the value, the mend."""


@dataclass(frozen=True)
class Marker:
    """One marker: its head form, all forms that count as it, its place, its source."""

    lexicon: str
    category: str
    head: str
    forms: tuple[str, ...]
    origin: str
    licence: str


@dataclass(frozen=True)
class Lexicon:
    """One file: ``blocked`` are phrases that hide a marker and count nowhere; ``leave_out`` are
    heads of markers with so many of the hits that rates are given without each of them too.
    """

    name: str
    family: str
    version: int
    title: str
    origin: str
    licence: str
    categories: dict[str, str] = field(hash=False)  # name -> title
    markers: tuple[Marker, ...]
    blocked: tuple[str, ...]
    leave_out: tuple[str, ...]
    sha256: str


def _phrase(value: object, where: str) -> str:
    """Check one phrase: lower-case ASCII, word characters at both ends, single spaces."""
    if not isinstance(value, str) or not _ENTRY.fullmatch(value) or "  " in value:
        raise LexiconError(
            f"{where}: {value!r} is not a marker; allowed are lower-case ASCII letters, digits, "
            "single spaces, apostrophes, commas, full stops and hyphens, with a letter or digit at "
            "both ends (quote words that YAML reads as something else, e.g. 'no')"
        )
    return value


def parse(text: str, where: str) -> Lexicon:
    """Lexicon from YAML ``text``; ``where`` names the file in errors (LexiconError)."""
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise LexiconError(f"{where}: not YAML: {error}; put back a good copy") from error
    if not isinstance(raw, dict):
        raise LexiconError(f"{where}: a lexicon is a mapping with the keys {sorted(_KEYS)}")
    unknown, missing = set(raw) - _KEYS - _OPTIONAL, _KEYS - set(raw)
    if unknown or missing:
        raise LexiconError(
            f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}; "
            f"a lexicon has {sorted(_KEYS)} and may have {sorted(_OPTIONAL)}"
        )
    for key in ("name", "family"):
        if not isinstance(raw[key], str) or not _NAME.fullmatch(raw[key]):
            raise LexiconError(f"{where}: {key} {raw[key]!r} must be lower-case with underscores")
    if not isinstance(raw["version"], int):
        raise LexiconError(f"{where}: version {raw['version']!r} must be a whole number")
    if raw["language"] != "en":
        raise LexiconError(
            f"{where}: language {raw['language']!r} is not supported; word borders are those of "
            "ASCII text, so only 'en' is allowed"
        )
    markers: list[Marker] = []
    if not isinstance(raw["categories"], dict):
        raise LexiconError(f"{where}: categories is no mapping of names to categories")
    for category, body in raw["categories"].items():
        if (
            not _NAME.fullmatch(str(category))
            or not isinstance(body, dict)
            or not isinstance(body.get("markers"), list)
        ):
            raise LexiconError(f"{where}: category {category!r} needs a title and a list 'markers'")
        for entry in body["markers"]:
            entry = entry if isinstance(entry, dict) else {"marker": entry}
            extra = set(entry) - {"marker", "forms", "origin", "licence"}
            if extra:
                raise LexiconError(f"{where}: {category}: unknown keys {sorted(extra)} in {entry}")
            head = _phrase(entry.get("marker"), f"{where}: {category}")
            forms = [head, *(_phrase(f, f"{where}: {head}") for f in entry.get("forms") or [])]
            markers.append(
                Marker(
                    raw["name"],
                    category,
                    head,
                    tuple(forms),
                    str(entry.get("origin", raw["origin"])),
                    str(entry.get("licence", raw["licence"])),
                )
            )
    leave_out = tuple(raw.get("leave_out") or [])
    heads = [marker.head for marker in markers]
    for head in leave_out:
        if head not in heads:
            raise LexiconError(
                f"{where}: leave_out: {head!r} is no marker of this lexicon; name the marker "
                "itself, not one of its forms"
            )
    return Lexicon(
        name=raw["name"],
        family=raw["family"],
        version=raw["version"],
        title=raw["title"],
        origin=raw["origin"],
        licence=raw["licence"],
        categories={c: b.get("title", c) for c, b in raw["categories"].items()},
        markers=tuple(markers),
        blocked=tuple(_phrase(p, f"{where}: blocked") for p in raw.get("blocked") or []),
        leave_out=leave_out,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def check_family(lexicons: Iterable[Lexicon]) -> None:
    """Raise LexiconError where one form stands twice in a family: it could count only once."""
    seen: dict[tuple[str, str], str] = {}
    for lexicon in lexicons:
        forms = [(f, f"{m.lexicon}.{m.category}") for m in lexicon.markers for f in m.forms]
        for form, place in [*forms, *((b, f"{lexicon.name}.blocked") for b in lexicon.blocked)]:
            before = seen.setdefault((lexicon.family, form), place)
            if before is not place:
                raise LexiconError(
                    f"lexicon family {lexicon.family!r}: {form!r} stands in {before} and in "
                    f"{place}; keep one, or give one lexicon its own family"
                )


def load(folder: str | Path = FOLDER) -> tuple[Lexicon, ...]:
    """All lexicons of ``folder`` sorted by file name; LexiconError where one is at fault."""
    return _load(str(folder))


@cache
def _load(folder: str) -> tuple[Lexicon, ...]:
    paths = sorted(Path(folder).glob("*.yaml"))
    if not paths:
        raise LexiconError(f"{folder}: no lexicon (*.yaml) found")
    found = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise LexiconError(f"{path}: not UTF-8 ({error}); put back a good copy") from None
        lexicon = parse(text, str(path))
        if lexicon.name != path.stem:
            raise LexiconError(f"{path}: name {lexicon.name!r} must be the file's name")
        found.append(lexicon)
    check_family(found)
    return tuple(found)


def lexicon_hash(lexicons: Iterable[Lexicon] | None = None) -> str:
    """SHA-256 (hex) over names and contents of the lexicons; stands in every table of markers."""
    chosen = load() if lexicons is None else tuple(lexicons)
    text = "\n".join(f"{x.name} {x.version} {x.sha256}" for x in chosen)
    return hashlib.sha256(text.encode()).hexdigest()
