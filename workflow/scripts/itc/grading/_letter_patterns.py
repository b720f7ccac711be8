"""Patterns by which a letter is stated: built for the letters that a problem offers."""

from __future__ import annotations

import re
from functools import lru_cache

# What may stand between an announcement and its letter.
_BEFORE = (
    r"(?:[\s:=–—-]|\b(?:is|be|definitely|clearly|therefore|thus|likely|probably|most|simply|option|"
    r"choice|letter|answer|number|the|correct|best|one|actually|in\s{1,9}+fact)\b)*+"
)
_BEFORE_I = f"(?i:{_BEFORE})"
_QUOTES = r"[\"'“”‘’«»<(\[]"
_AFTER = r"[\"'“”‘’«»>)\]]"
# A word behind a bare letter that does not make the letter an article, a pronoun or a name.
CONNECTIVE = (
    r"because|since|as|is|was|which|it|due|given|for|so|and|or|but|based|if|while|whereas|where|"
    r"though|although|not|rather|instead|among|from|with|here|this|that|the|according|in|by"
)
_MORE = (
    r"\s{0,9}+(?:,\s{0,9}+(?:and\s{1,9}+|or\s{1,9}+)?|;\s{0,9}+|/\s{0,9}+|&\s{0,9}+"
    r"|\band\b\s{0,9}+|\bor\b\s{0,9}+(?:maybe\s{1,9}+|perhaps\s{1,9}+|possibly\s{1,9}+"
    r"|even\s{1,9}+)?)"
)
_NO_LIST = (
    r"(?!\s{1,9}+(?:is|was|would|will|fails?|contradicts?|cannot|can|has|does|seems|looks"
    r"|ignores?|might|could|says|only|may|being)\b)"
)


@lru_cache(maxsize=64)
def rules(offered: str) -> dict[str, re.Pattern[str]]:
    """Patterns for a set of letters."""
    upper, both = offered, offered + offered.lower()
    opened = rf"{_QUOTES}{{0,3}}"
    closed = rf"{_AFTER}{{0,3}}"
    letter = rf"{opened}\s?([{upper}])\s?{closed}(?![\w'’])"
    loose = rf"{_QUOTES}{{1,3}}\s?([{both}])\s?{_AFTER}{{1,3}}"
    more = (
        rf"{_MORE}(?:(?i:option|choice)s?\s{{1,9}}+)?(?:{_QUOTES}\s?[{both}]\s?{_AFTER}"
        rf"|[{upper}](?![\w'’])){_NO_LIST}"
    )
    flags = re.MULTILINE
    good = (
        r"(?:definitely\s{1,9}+|clearly\s{1,9}+|thus\s{1,9}+|therefore\s{1,9}+"
        r"|most\s{1,9}+likely\s{1,9}+|probably\s{1,9}+|indeed\s{1,9}+)?(?:the\s{1,9}+)?"
        r"(?:most\s{1,9}+|only\s{1,9}+|single\s{1,9}+|overall\s{1,9}+)?"
        r"(?:correct|right|best|true|answer|accurate|appropriate)\b"
    )
    patterns = {
        # a letter in brackets or quotes, a bare capital, a small letter that punctuation follows
        "stated": rf"{_BEFORE_I}(?:{_QUOTES}{{1,3}}\s?(?P<a>[{both}])\s?{_AFTER}{{1,3}}"
        rf"|(?P<b>[{upper}])(?![\w'’])|(?P<c>[{both}])(?=\s?(?:[.):,;]|$)))",
        "more": more,
        "alone": rf"^[ \t]?{opened}[ \t]?([{upper}])[ \t]?[\"'”’)\].:>]{{0,3}}[ \t]?$",
        "leading": rf"^\s{{0,9}}+(?:{loose}|([{both}])\s{{0,9}}+(?:[)\].:,]|$))",
        "label": rf"^[ \t]?\(?([{both}])\s?[).:](?=\s|$)",
        "option": rf"(?i:option|choice|answer)\s{{0,9}}+:?\s{{0,9}}+\(?([{both}])\b\)?",
        "connective": rf"(?i:{CONNECTIVE})\b",
        "joined": rf"(?<![\w'’])[(\[]?[{upper}][)\]]?\s{{0,9}}+(?:,|and|or|/"
        rf"|&)+\s{{0,9}}+(?:option\s{{1,9}}+|choice\s{{1,9}}+)?[(\[]?$",
        "correct_option": r"(?i:\b(?:correct|right|best|final|my|true|chosen"
        r"|only\s{1,9}+possible)\s{1,9}+(?:answer\s{1,9}+)?"
        r"(?:option|choice|letter|selection)\s{0,9}+(?:here\s{1,9}+)?(?:(?:is"
        r"|must\s{1,9}+be|should\s{1,9}+be|would\s{1,9}+be|"
        rf"has\s{{1,9}}+to\s{{1,9}}+be|appears\s{{1,9}}+to\s{{1,9}}+be"
        rf"|seems\s{{1,9}}+to\s{{1,9}}+be)|[:=])\s{{0,9}}+(?:therefore\s{{1,9}}+"
        rf"|thus\s{{1,9}}+|clearly\s{{1,9}}+)?(?:option\s{{1,9}}+|choice\s{{1,9}}+"
        rf"|letter\s{{1,9}}+)?){letter}",
        "is_correct": rf"(?<![\w'’-])(?:(?i:option|choice|answer|statement)\s{{1,9}}+)?{letter}"
        rf"(?:[.:)]?\s[^\n.]{{1,80}}?)?\s{{0,9}}+(?i:\b(?:is|are|must\s{{1,9}}+be"
        rf"|has\s{{1,9}}+to\s{{1,9}}+be|should\s{{1,9}}+be|seems|appears)\s{{1,9}}+{good})",
        "chosen": rf"(?:(?i:\b(?:i(?:['’]?d|\s{{1,9}}+would|['’]?ll"
        rf"|\s{{1,9}}+will)?\s{{1,9}}+(?:have\s{{1,9}}+to\s{{1,9}}+)?(?:go\s{{1,9}}+with"
        rf"|choose|pick|select|say|answer)|"
        r"(?:going|go)\s{1,9}+with|(?:it|that|this)\s{1,9}+(?:is|must\s{1,9}+be"
        r"|has\s{1,9}+to\s{1,9}+be|can\s{1,9}+only\s{1,9}+be|should\s{1,9}+be)|it['’]s"
        r"|that['’]s|i\s{1,9}+(?:chose|picked|selected)|we\s{1,9}+(?:choose|pick|select)"
        r"|my\s{1,9}+(?:choice|pick)\s{1,9}+is|select|choose|pick)"
        r"\s{1,9}+(?:option\s{1,9}+|choice\s{1,9}+|answer\s{1,9}+|letter\s{1,9}+)?)"
        r"|(?i:\b(?:thus|hence|therefore|so|consequently|accordingly|it\s{1,9}+is|it['’]s"
        r"|which\s{1,9}+is|must\s{1,9}+be|that\s{1,9}+is)\b,?\s{1,9}+(?:the\s{1,9}+)?)"
        rf"(?=(?i:option|choice)|{_QUOTES})(?i:(?:option|choice)\s{{1,9}}+)?|(?:∴|⇒|=>|→"
        rf"|选择?|選)\s{{0,9}}+)(?:{loose}|{letter})(?=\s{{0,9}}+(?:[.,;:!)\n]|$|(?i:because"
        rf"|since|as|here|for)\b))",
    }
    return {name: re.compile(pattern, flags) for name, pattern in patterns.items()}
