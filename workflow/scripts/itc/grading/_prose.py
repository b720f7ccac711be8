"""What prose says about a number in it: that it is the answer, that it is none, that it is asked.

For the fall-back, where a reply neither boxes nor announces its answer. Patterns see a bounded tail
and are linear in it.
"""

from __future__ import annotations

import re

from itc.grading._formulas import NUMBER, WORD

# "7 + 5 =", "7 + 5 = ?" at the end of a line: a problem that is said once more, without a result.
_ASKED = re.compile(
    r"(?<![\d+*/=(.])[-(]?\d[\d ,.()+*/×÷·x−-]{0,60}="
    r"[ \t]{0,3}(?:\?|_{1,9}+)?[ \t]{0,3}\.?(?=\n|$)"
)
# "8 is the final answer to the problem of adding 0", "which gives 10, which is the answer".
_NAMED = re.compile(
    rf"({NUMBER.pattern})(?:\s[A-Za-z]{{1,15}}){{0,2}},?\s(?:which\s)?(?:is|are)\s(?:(?:indeed|also|actually|thus|"
    r"therefore)\s)?(?:the|our|my|your)\s(?:only\s)?(?:(?:final|correct|right|possible)\s){0,2}answer\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\bnot|n['’]t)\s{1,9}+(?:the\s{1,9}+|an?\s{1,9}+|our\s{1,9}+)?(?:final\s{1,9}+|correct\s{1,9}+|right\s{1,9}+)?answer\b"
    r"|\bno\s{1,9}+(?:answer|solution)\b",
    re.IGNORECASE,
)
# "The GCD of 28 and 16 is 6 because 6 divides both 28 and 16": what follows is the reason.
_REASONED = re.compile(
    rf"(?:\b(?:is|are|equals)|=)\s{{1,2}}({NUMBER.pattern}),?\s{{1,2}}(?:because|since|which\s{{1,2}}is\s{{1,2}}(?:the|an?|also|not))\b",
    re.IGNORECASE,
)
_EMPTY_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{\s{0,3}\}")
_ALONE = re.compile(rf"[*_$\s]{{0,6}}({NUMBER.pattern})[*_$. \t]{{0,6}}\n[ \t]{{0,3}}\n")


def without_questions(tail: str) -> str:
    """``tail`` without computations at the end of a line whose result is left open."""
    return _ASKED.sub("", tail) if "=" in tail else tail


def named(tail: str) -> tuple[str, int] | None:
    """The last number that is said to be the answer, and where that is said to end."""
    if "answer" not in tail.lower():
        return None
    found = list(_NAMED.finditer(tail))
    return (found[-1].group(1), found[-1].end()) if found else None


def reasoned(sentence: str) -> str | None:
    """The number that a sentence states before its reason, if nothing is computed in that."""
    found = list(_REASONED.finditer(sentence))
    return found[-1].group(1) if found and "=" not in sentence[found[-1].end() :] else None


def denied(sentence: str) -> bool:
    """Whether a sentence says that what it holds is no answer, or that there is none."""
    return _DENIED.search(sentence) is not None


def unfilled(formula: str) -> bool:
    """Whether a formula holds a box without content where its value should be."""
    return _EMPTY_BOX.search(formula) is not None


def stated_first(text: str) -> str | None:
    """A number alone on the first line, before a blank line and prose: answer, then reason."""
    found = _ALONE.match(text[:400].lstrip())
    return found.group(1) if found and WORD.search(text[:400].lstrip(), found.end()) else None
