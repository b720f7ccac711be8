"""What a judge or a selector wrote: a score on a scale, the number of a response.

A reply without one gives None, never a low score or the first response. Patterns see a bounded tail
and are linear in it.
"""

from __future__ import annotations

import re

from itc.grading._formats import strip_turns

TAIL = 4000
_DRESS = re.compile(r"\\(?:boxed|text|mathbf|textbf|mathrm)(?![A-Za-z])|[*_`{}$\"'“”]|\\[()\[\]]")
_NUMBER = r"(-?\d{1,6}(?:\.\d{1,6})?)(?![\d])(?!\.\d)"
_BRACKET = r"[(\[<]{0,2}"
# "Score: 10 means certain" explains the scale; "Score: 1 to 10" names it.
_EXPLAINS = (
    r"(?!\s?[)\]>]?\s?(?:means|mean|is|are|would|indicates?|stands|represents?|being|if|for\s{1,9}+a|or\b|and\b|"
    r"to\b|through|[-–—]\s?\d|\(certainly))"
)
_OF = r"(?:\s?[)\]>]?\s?(?:/|out\s{1,9}+of)\s?(\d{1,6}))?"
_NAMED = re.compile(
    rf"\b(?:score|rating|grade|mark)s?\b\s?(?:\(\d{{1,4}}\s?(?:[-–]|to)\s?\d{{1,4}}\)\s?)?(?:(?:[:：=]|is|of|would\s{{1,9}}+be|as|at)\s?)?(?:[:：=]\s?)?{_BRACKET}"
    rf"{_NUMBER}{_OF}{_EXPLAINS}",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"(?<![\d./]){_NUMBER}\s?(?:/|out\s{{1,9}}+of)\s?(\d{{1,6}})(?![\d/])", re.IGNORECASE
)
_BARE = re.compile(rf"{_BRACKET}{_NUMBER}[)\]>]{{0,2}}\.?")
_SPACE = re.compile(r"\s{1,9}+")

_COLON = re.compile(
    r"\bresponse\s?(?:number\s?)?[:：=]\s?(?:response\s?)?[#(\[]?(\d{1,4})\b", re.IGNORECASE
)
_CHOSEN = re.compile(
    r"\b(?:select|selected|choose|chose|chosen|pick|picked|selection|choice|answer|best|go\s{1,9}+with)\s?(?:is|:|=)?\s?"
    r"(?:the\s)?(?:response|number|option|is\sresponse)?\s?[#(\[]?(\d{1,4})\b",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\bresponse\s?[#(\[]?(\d{1,4})[)\]]?\s(?:agrees|is\sthe|is\smost|matches|has\sthe\smost)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"\bresponses?\s?[#(\[]?(\d{1,4})\b", re.IGNORECASE)


def _plain(text: str) -> str:
    return _DRESS.sub("", strip_turns(text[-TAIL:]))


def score(text: str, low: float, high: float) -> float | None:
    """The last score that ``text`` states, if it is on the scale from ``low`` to ``high``.

    Read are ``Score: 8``, ``Score: 8/10``, ``Rating: 8``, ``a score of 8``, ``8/10``, ``8 out of
    10``, and a line that is only a number. A share of another number than ``high`` is none.
    """
    plain = _plain(text)
    lines = [_SPACE.sub(" ", line).strip() for line in plain.split("\n")]
    joined = _SPACE.sub(" ", plain)
    for pattern in (_NAMED, _SHARE):
        found = list(pattern.finditer(joined))
        if found:
            value, of = float(found[-1].group(1)), found[-1].group(2)
            if of is not None and float(of) != high:
                return None
            return value if low <= value <= high else None
    for line in (line for line in (*lines[:1], *reversed(lines)) if line):
        bare = _BARE.fullmatch(line)
        if bare:
            value = float(bare.group(1))
            return value if low <= value <= high else None
    return None


def pick(text: str, count: int) -> int | None:
    """The response that ``text`` selects, 1 to ``count``; None where it selects none or several.

    Read are ``Response: 3``, "I select response 3", "Response 3 agrees most", a line that is only a
    number, and a reply that mentions a single response.
    """
    plain = _plain(text)
    joined = _SPACE.sub(" ", plain)
    for pattern in (_COLON, _CHOSEN):
        found = pattern.findall(joined)
        if found:
            return _within(int(found[-1]), count)
    lines = [line.strip() for line in plain.split("\n") if line.strip()]
    for line in lines[:1] + lines[-1:]:
        bare = _BARE.fullmatch(line)
        if bare and bare.group(1).isdigit():
            return _within(int(bare.group(1)), count)
    for pattern in (_AGREES, _MENTION):
        named = {int(number) for number in pattern.findall(joined)}
        if len(named) == 1:
            return _within(named.pop(), count)
    return None


def _within(number: int, count: int) -> int | None:
    return number if 1 <= number <= count else None
