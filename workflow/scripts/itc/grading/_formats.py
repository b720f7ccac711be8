"""Formats that a reply may keep to: ``<answer>`` tags, JSON with a key ``answer``, chat tokens.

A format names its answer, so it is trusted before any phrase. Everything is linear in the text.
"""

from __future__ import annotations

import json
import re
from typing import Any

from itc.grading._base import BOXED, JSON, TAG

JSON_TAIL = 20_000  # an object with the answer is looked for in this many last characters
STARTS = 8  # opening braces tried as the beginning of an object
TAG_LENGTH = 6000

# Tokens of chat templates that a server or a recording may leave in the text.
_TOKEN = re.compile(
    r"<[|｜](?!(?:begin|end)_of_box)[A-Za-z0-9_▁/ -]{1,40}[|｜]>|</s>|<s>|<eos>|<bos>|<pad>|<unk>"
    r"|</?(?:start|end)_of_turn>|<EOT>|\[EOS\]|\[PAD\]|\[/?INST\]",
)
_BEFORE_ANGLE = ("|>", "｜>", "s>", "_turn>", "<pad>", "<unk>", "<EOT>")
HEAD, TAIL, LAST = 200, 8000, 1000
_ROLE = re.compile(r"\s{0,9}+(?:assistant|model)\b\s{0,9}+(?:\n|$)?")

_OPEN_TAG = re.compile(r"<(?:final[_ -]?)?answer>|<\|begin_of_box\|>", re.IGNORECASE)
_CLOSE_TAG = re.compile(r"</(?:final[_ -]?)?answer\s?>|<\|end_of_box\|>", re.IGNORECASE)
OPEN_LINE = 120  # an open tag at the end of a reply holds at most so many characters

_KEY = re.compile(r"[\"'](?:final[_ ]?)?answer[\"']\s{0,9}+:", re.IGNORECASE)
_KEYS = frozenset(("answer", "final_answer", "final answer", "finalanswer"))
# A backslash that JSON does not know, or that begins a command of LaTeX, is meant as it is.
_STRAY = re.compile(r"\\\\|\\(?:[\"/]|u[0-9a-fA-F]{4}|[nrt](?![a-z])|([^\"/\\]))")
_LOOSE_VALUE = re.compile(
    r"\s{0,9}+(?:\"((?:[^\"\\]|\\.){0,2000})\"|'([^']{0,2000})'|([^,}\n]{1,200}))"
)
_FENCE = re.compile(r"^\s{0,9}+```[A-Za-z]*\s{0,9}+|\s{0,9}+```\s{0,9}+$")


def strip_turns(text: str) -> str:
    """``text`` up to the first token that ends a turn, without tokens before its first word.

    Tokens are looked for in the first HEAD and the last TAIL characters.
    """
    tail = text[-TAIL:]
    if not _may_hold(tail) and (len(text) <= TAIL or not _may_hold(text[:HEAD])):
        return text
    start = 0
    for found in _TOKEN.finditer(text, 0, len(text) if len(text) <= TAIL else HEAD):
        if text[start : found.start()].strip():
            break
        start = found.end()
        role = _ROLE.match(text, start)
        if role and found.group().startswith(("<|", "<start")):
            start = role.end()
    for found in _TOKEN.finditer(text, max(start, len(text) - TAIL)):
        if found.group().strip("<|｜>").startswith(("begin", "bos")):
            continue  # a model that begins anew; what follows is its answer as well
        behind = text[found.end() : found.end() + 1]
        if not behind or behind.isspace() or _TOKEN.match(text, found.end()):
            return text[start : found.start()].rstrip()
    return text[start:]


def _may_hold(text: str) -> bool:
    """Whether a token can be in ``text``, by plain search: nearly no reply has one."""
    if ">" in text and any(part in text for part in _BEFORE_ANGLE):
        return True
    return "]" in text[-LAST:] and any(p in text[-LAST:] for p in ("[EOS]", "[PAD]", "INST]"))


def tagged(text: str) -> tuple[str, int] | None:
    """Content of the last answer tag and the offset behind it; None where no tag holds anything.

    A tag that the end of the reply leaves open counts if what follows is one short line.
    """
    end = len(text)
    for opening in reversed(_last(text)):
        close = _CLOSE_TAG.search(text, opening.end(), min(end, opening.end() + TAG_LENGTH))
        content = text[opening.end() : close.start() if close else end].strip()
        whole = close is not None or (len(content) <= OPEN_LINE and "\n" not in content)
        if content and whole:
            return content, close.end() if close else end
        end = opening.start()
    return None


def _last(text: str) -> list[re.Match[str]]:
    """The last few opening tags in the last TAIL characters of ``text``."""
    start = max(0, len(text) - TAIL)
    if text.find(">", start) < 0:  # one character is found fastest, and most replies have none
        return []
    if not any(text.find(word, start) >= 0 for word in ("swer>", "SWER>", "of_box")):
        return []
    return list(_OPEN_TAG.finditer(text, start))[-8:]


def json_answer(text: str) -> tuple[str | None, int] | None:
    """Value of the key ``answer`` of the last JSON object that has one, and the offset behind it.

    The value is None where the object gives none that could be an answer (null, an object). None
    where no object names an answer.
    """
    shift = max(0, len(text) - TAIL)
    if text.find(":", shift) < 0 or (text.find('"', shift) < 0 and text.find("'", shift) < 0):
        return None
    if not any(text.find(word, shift) >= 0 for word in ('swer"', "swer'", 'SWER"')):
        return None
    shift = max(0, len(text) - JSON_TAIL)
    keys = list(_KEY.finditer(text, shift))
    if not keys:
        return None
    key = keys[-1]
    start, tries = text.rfind("{", shift, key.start()), 0
    first = start
    while start >= 0 and tries < STARTS:
        found = _object(text[start:])
        if found and start + found[1] > key.start():
            named = [v for k, v in found[0].items() if k.strip().lower() in _KEYS]
            if named:
                return _plain(named[-1]), start + found[1]
        start, tries = text.rfind("{", shift, start), tries + 1
    if first < 0:
        return None
    value = _LOOSE_VALUE.match(text, key.end())  # an object that is no JSON, or was cut
    written = next((part for part in value.groups() if part), None) if value else None
    return (written.strip() if written else None), value.end() if value else key.end()


_LATEX = re.compile(
    r"(?<!\\)\\(?:frac|forall|text|times|tan|theta|tau|to\b|beta|binom|bar|begin|boxed|bmod|neq?\b"
    r"|nu\b|rho|right|rm\b)"
)


def _object(text: str) -> tuple[dict[str, Any], int] | None:
    """The JSON object that begins ``text`` and about its length; None where there is none."""
    decoder = json.JSONDecoder(strict=False, parse_float=str, parse_int=str)
    for written in (text, _STRAY.sub(_escaped, text)):
        if written is text and _LATEX.search(text):
            continue  # "\frac" would be a form feed and "rac"
        try:
            found, end = decoder.raw_decode(written)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found, min(len(text), end)
    return None


def _escaped(match: re.Match[str]) -> str:
    return match.group() if match.group(1) is None else "\\" + match.group()


def _plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    return None


def without_json(text: str) -> str:
    """``text`` without a JSON object at its end: its keys other than ``answer`` are no answers."""
    bare = text.rstrip()
    bare = bare.removesuffix("```").rstrip()
    if not bare.endswith("}") or '":' not in bare[-JSON_TAIL:]:
        return text
    shift = max(0, len(bare) - JSON_TAIL)
    start = bare.find("{", shift)
    for _ in range(STARTS):
        if start < 0:
            break
        found = _object(bare[start:])
        if found and found[0]:
            rest = bare[:start].rstrip()
            return rest.removesuffix("json").removesuffix("JSON").removesuffix("```")
        start = bare.find("{", start + 1)
    return text


def complete(text: str, how: str) -> bool:
    """Whether a format of a reply that was cut is whole: a box always, an open tag never."""
    if how == TAG:
        opening = _last(text)
        return bool(opening) and _CLOSE_TAG.search(text, opening[-1].end()) is not None
    if how == JSON:
        keys = list(_KEY.finditer(text, max(0, len(text) - JSON_TAIL)))
        return bool(keys) and text.find("}", keys[-1].end()) >= 0
    return how == BOXED
