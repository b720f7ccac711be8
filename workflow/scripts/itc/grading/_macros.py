r"""Macros of LaTeX that dress an answer: roots, short arguments, ``\text``, ``\mathrm``.

Loops are bounded by a number of occurrences, so a hostile answer costs no more than a long one.
"""

from __future__ import annotations

import re

from itc.grading._numbers import SCALES

OCCURRENCES = 40  # roots, fractions and texts of one answer that are rewritten
REACH = 400  # characters in which a bracket has to close

_TEXTUAL = re.compile(
    r"\\(?:text(?:bf|it|rm|normal|sf|tt|sc|up)?|mbox|hbox)\s{0,9}+(?=\{)|\{\\(?:rm|bf|it)\s(?=[^{}]*\})"
)
_UPRIGHT = re.compile(
    r"\\(?:mathrm|mathit|mathsf|operatorname\*?|rm)\s?(?:\{([^{}]{0,80})\}|\s([A-Za-z]))"
)
_BOLD = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|vec|hat|overrightarrow)\s?(?:\{\\?([A-Za-z]{1,9})\}|\s?([A-Za-z])(?![A-Za-z]))"
)
_HAT = re.compile(r"\\(?:i|j)math(?![A-Za-z])")
_FUNCTIONS = frozenset(
    (
        "arcsin",
        "arccos",
        "arctan",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "log",
        "ln",
        "exp",
        "lcm",
        "gcd",
        "max",
        "min",
        "det",
    )
)
_INVERSE = {"arcsinh": "arsinh"}
_TEXT = re.compile(r"\\text\s?\{([^{}]{0,200})\}")
_SEPARATOR = re.compile(r"(?:,|;|\band\b|\bor\b|&|\s)++", re.IGNORECASE)
_JOINER_END = re.compile(r"\b(?:and|or) ?$|[,;] ?$", re.IGNORECASE)
_JOINER_START = re.compile(r" ?(?:[,;] ?)?\b(?:and|or)\b", re.IGNORECASE)
_NUMERIC = re.compile(r" ?[-+]?\d[\d,. ]*+%? ?")
_PERCENT = re.compile(r" ?(?:%|percent(?:age)?|pct) ?")
_LEADING = re.compile(
    r"(?:the )?(?:(?:final )?answer(?: is)?|about|approximately|exactly|approx\.?) ?:?",
    re.IGNORECASE,
)
# Conditions and clock times are no units: what stands before them is only a part of the answer.
_NO_UNIT = re.compile(
    r"\b(?:if|for|when|where|with|otherwise|else|even|odd|all|any|some|except|mod|base|"
    r"to|from|at|a\.?\s?m|p\.?\s?m|noon|midnight|than|times|million|billion|thousand|hundred|"
    r"trillion|dozen|not|no|each|undefined|infinit\w*)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r" ?\x01\d{1,3}\x01 ?[=:]")
MARK, AFTER_MARK = "\x01", re.compile(r"\x01(\d{1,3})\x01")
_UNIT_TAIL = re.compile(r"(?:\x01\d{1,3}\x01|\^ ?\{?-?\d\}?|\\cdot|[ /()-])*+")
# Units that are typed as plain words behind a number.
_PLAIN_UNIT = re.compile(
    r"(?<=[\d)}%]) [A-Za-z]{2,15}(?:[ /][A-Za-z]{1,15}){0,5}"
    r"(?:\^\{?[23]\}?)?$"
)
_GLUED_UNIT = re.compile(
    r"(?<=\d)(?:cm|mm|km|kg|mg|ft|mi|yd|lb|lbs|oz|hr|hrs|ml|mph|min|sec)(?:\^\{?[23]\}?)?$"
)
_SHORT_UNIT = re.compile(r"(?<![\d.,])([-+]?\d[\d.,]*+) [mgshlLNJWVK](?:\^\{?[23]\}?)?")


def closing_bracket(text: str, start: int) -> int | None:
    """Index of the round bracket that closes the one before ``start``; None where none does."""
    depth = 1
    for i in range(start, min(len(text), start + REACH)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return None


def _closing_brace(text: str, start: int) -> int | None:
    depth = 1
    for i in range(start, min(len(text), start + REACH)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i
    return None


_ROOT = re.compile(r"√|∛|(?:\\|(?<![A-Za-z\\]))sqrt(?=\s?\()|(?<![A-Za-z\\])sqrt(?=\s?[{\[\d])")
_RADICAND = re.compile(r"\s?(?:(\d+(?:\.\d+)?|\\[A-Za-z]+|[A-Za-z])|(\{))")


def roots(form: str) -> str:
    r"""Typed roots (``√57``, ``√(1+x)``, ``sqrt(2)``, ``\sqrt(5)``) as ``\sqrt{...}``."""
    at = 0
    for _ in range(OCCURRENCES):
        found = _ROOT.search(form, at)
        if found is None:
            break
        name = r"\sqrt[3]" if found.group() == "∛" else r"\sqrt"
        rest = found.end() + (form[found.end() : found.end() + 1] == " ")
        if form.startswith("(", rest):
            end = closing_bracket(form, rest + 1)
            if end is not None:
                inner = form[rest + 1 : end]
                form = f"{form[: found.start()]}{name}{{{inner}}}{form[end + 1 :]}"
                at = found.start() + len(name)
                continue
        inside = _RADICAND.match(form, found.end())
        if inside and inside.group(1):
            body = f"{name}{{{inside.group(1)}}}"
            form = f"{form[: found.start()]}{body}{form[inside.end() :]}"
        else:
            form = f"{form[: found.start()]}{name}{form[found.end() :]}"
        at = found.start() + len(name)
    return form


_SHORT = re.compile(r"\\(frac|binom|sqrt)(?![A-Za-z])")
_ROOT_INDEX = re.compile(r"\s?\[[^\[\]]{0,20}\]")
_ARGUMENT = re.compile(r"\s?(?:([0-9A-Za-z])|(\\[A-Za-z]+)\s?|(\{))")


def braced(form: str) -> str:
    r"""``\frac12``, ``\frac{a}2``, ``\sqrt7`` with braces around each argument."""
    if "\\frac" not in form and "\\binom" not in form and "\\sqrt" not in form:
        return form
    at = 0
    for _ in range(2 * OCCURRENCES):
        found = _SHORT.search(form, at)
        if found is None:
            break
        at = place = found.end()
        index = _ROOT_INDEX.match(form, place) if found.group(1) == "sqrt" else None
        place = index.end() if index else place
        for _ in range(1 if found.group(1) == "sqrt" else 2):
            argument = _ARGUMENT.match(form, place)
            if argument is None:
                break
            if argument.group(3):
                close = _closing_brace(form, argument.end())
                if close is None:
                    break
                form = f"{form[:place]}{form[argument.end() - 1 :]}"
                place = close + 1 - (argument.end() - 1 - place)
            elif (argument.group(2) or "").startswith(("\\frac", "\\sqrt")):
                break
            else:
                body = f"{{{argument.group(1) or argument.group(2)}}}"
                form = f"{form[:place]}{body}{form[argument.end() :]}"
                place += len(body)
    return form


def upright(form: str) -> str:
    r"""Upright letters as letters, upright names as functions or ``\text``, bold letters apart."""
    if "\\" not in form:
        return form
    form = _TEXTUAL.sub(lambda m: r"\text" if m.group()[0] == "\\" else r"\text{", form)
    form = _BOLD.sub(_vector, form)
    return _UPRIGHT.sub(_unwrapped, form)


def _vector(match: re.Match[str]) -> str:
    """A unit vector is a symbol of its own, never the imaginary unit; other letters stay."""
    name = (match.group(1) or match.group(2)).removesuffix("math")
    if name in ("i", "j", "k"):
        return f"u_{{{name}}} "
    return name if len(name) == 1 else f"\\text{{{name}}}"


def _unwrapped(match: re.Match[str]) -> str:
    inner = (match.group(1) if match.group(1) is not None else match.group(2)).strip()
    if inner in ("e", "i", "d", "T", "\\pi", "x", "y", "z", "n"):
        return f"{inner} " if match.group(1) is None else inner
    if inner in _FUNCTIONS:
        return f"\\{inner} "
    return f"\\text{{{match.group(1) if match.group(1) is not None else inner}}}"


def texts(form: str) -> str:
    r"""``\text{...}`` resolved: separators, percent, numbers and letters; a unit at the end of its
    part of a list is dropped; any other text stays and makes the answer unreadable."""
    if "\\text" in form:
        kept: list[str] = []

        def resolve(match: re.Match[str]) -> str:
            inner = match.group(1)
            bare = inner.strip()
            if not bare or (_LEADING.fullmatch(bare) and not form[: match.start()].strip()):
                return " "
            if bare in ("i", "e") or (_NUMERIC.fullmatch(inner) and not _PERCENT.fullmatch(inner)):
                return inner
            if bare.lower() in SCALES and form[: match.start()].rstrip()[-1:].isdigit():
                return f" {bare.lower()}"
            if _PERCENT.fullmatch(inner):
                return "%"
            if _SEPARATOR.fullmatch(inner):
                return " or " if "or" in bare.lower().split() else ","
            kept.append(match.group())
            mark = f"{MARK}{len(kept) - 1}{MARK}"
            if _JOINER_END.search(inner) and not _NO_UNIT.search(inner):
                return f"{mark},"
            if _JOINER_START.match(inner) and not _NO_UNIT.search(inner):
                return f",{mark}"
            return mark

        form = _TEXT.sub(resolve, form)
        if len(kept) < OCCURRENCES:
            form = ",".join(_without_unit(part, kept) for part in form.split(","))
        form = AFTER_MARK.sub(lambda m: kept[int(m.group(1))], form)
    return _plain_unit(form)


def _without_unit(part: str, kept: list[str]) -> str:
    """One part of a list without the unit at its end; as it is where the text is no unit."""
    marks = [kept[int(m.group(1))] for m in AFTER_MARK.finditer(part)]
    if not marks:
        return part
    first = part.index(MARK)
    before = part[:first].rstrip(" /(-")
    unit = _UNIT_TAIL.fullmatch(part, first)
    if unit is None or not before or any(map(_NO_UNIT.search, marks)):
        return _without_name(part, kept)
    return before


def _without_name(part: str, kept: list[str]) -> str:
    r"""``\text{Area} = 5`` is 5: the name says what the number is."""
    found = _NAMED.match(part)
    if found and MARK not in part[found.end() :]:
        return part[found.end() :]
    return part


def _plain_unit(form: str) -> str:
    short = _SHORT_UNIT.fullmatch(form)
    if short:
        return short.group(1)
    if form[-1:].isalpha() or form[-1:] in "23}":
        tail = _PLAIN_UNIT.search(form) or _GLUED_UNIT.search(form)
        if (
            tail
            and not _NO_UNIT.search(tail.group())
            and not re.search(r"\b(?:and|or|is)\b", tail.group())
        ):
            return form[: tail.start()]
    return form
