r"""Sets, intervals, residues and pairs of signs in one spelling.

``]2,5[`` is an interval, ``\langle 1,2\rangle`` a tuple, ``\{x \mid 2 \le x < 5\}`` its condition,
``x<2 \text{ or } x>3`` a union, ``1\pm\sqrt2`` two numbers, ``x \equiv 5 \pmod 7`` a residue.
"""

from __future__ import annotations

import re

_OUTWARD = re.compile(r"([\[\]])([^\[\](){};,]{1,80})[,;]([^\[\](){};,]{1,80})([\[\]])")
_ROUND = re.compile(r"([(\[])([^\[\](){};,]{1,80});([^\[\](){};,]{1,80})([)\]])")
_ANGLE = ((r"\langle", "("), (r"\rangle", ")"))
_BUILDER = re.compile(
    r"\\\{ ?([A-Za-z]) ?(?:\\in ?\\mathbb ?\{?R\}? ?)?(?:\\mid(?![A-Za-z])|\||:)(.{1,200})\\\}"
)
_SIDE = re.compile(
    r"([^<>]{1,80}?)(<|>|\\leq?(?![A-Za-z])|\\geq?(?![A-Za-z])|\\lt(?![A-Za-z])|\\gt(?![A-Za-z]))"
    r"([^<>]{1,80})"
)
_VARIABLE = re.compile(r" ?[A-Za-z] ?")
_RESIDUE = re.compile(
    r"(?:[A-Za-z] ?)?(?:(?:\\equiv|=) ?)?(-?\d{1,30}) ?(?:\\p?mod|\\bmod"
    r"|\(? ?\\?(?:text\{ ?)?mod ?\}?)"
    r" ?\{? ?(\d{1,30}) ?\}? ?\)?"
)
_NAME = re.compile(r" ?[A-Za-z](?:_\{?\w\}?)? ?=(?!=)")
_OR = re.compile(r" or |\\(?:lor|vee)(?![A-Za-z])")
_PAIR = re.compile(r"\\pm(?![A-Za-z])|\\mp(?![A-Za-z])")


def sets(form: str) -> str:
    """``form`` with sets, intervals and pairs of signs spelled as the parser knows them."""
    for written, plain in _ANGLE:
        form = form.replace(written, plain)
    if "]" in form or "[" in form:
        form = _OUTWARD.sub(_interval, form)
    if ";" in form:
        form = _ROUND.sub(r"\1\2,\3\4", form)
    builder = _BUILDER.fullmatch(form)
    if builder:
        condition = builder.group(2).strip()
        signs = len(re.findall(r"[<>]|\\[lg](?:eq?|t)(?![A-Za-z])", condition))
        if signs in (1, 2) and builder.group(1) in condition and "," not in condition:
            form = condition
    if " or " in form or r"\lor" in form or r"\vee" in form:
        form = _union(form)
    return _both_signs(form)


def _interval(match: re.Match[str]) -> str:
    left, low, high, right = match.groups()
    if (left, right) == ("[", "]"):
        return f"[{low},{high}]"
    return f"{'[' if left == '[' else '('}{low},{high}{']' if right == ']' else ')'}"


def _union(form: str) -> str:
    """``x<2 or x>3`` as a union of rays; a list where the parts are no inequalities."""
    parts = _OR.split(form)
    if not 2 <= len(parts) <= 6:
        return form
    rays = [_ray(part) for part in parts]
    if all(rays) and len({ray[0] for ray in rays if ray}) == 1:
        return r"\cup ".join(ray[1] for ray in rays if ray)
    return ",".join(part.strip().removesuffix(",") for part in parts)


def _ray(part: str) -> tuple[str, str] | None:
    """(variable, interval) of one inequality between a variable and a bound; None for others."""
    side = _SIDE.fullmatch(part.strip().removesuffix(","))
    if side is None or re.search(r"[<>]|\\[lg]e", side.group(3)):
        return None
    left, sign, right = side.groups()
    less = sign in ("<", r"\lt", r"\le", r"\leq")
    closed = sign in (r"\le", r"\leq", r"\ge", r"\geq")
    if not _VARIABLE.fullmatch(left):
        if not _VARIABLE.fullmatch(right):
            return None
        left, right, less = right, left, not less
    name, bound = left.strip(), right.strip()
    if less:
        return name, rf"(-\infty,{bound}{']' if closed else ')'}"
    return name, rf"{'[' if closed else '('}{bound},\infty)"


def _both_signs(form: str) -> str:
    r"""``a \pm b`` as the two numbers; a single ``\pm 7`` too. Lists of several stay."""
    if not 1 <= len(_PAIR.findall(form)) <= 4 or "," in form:
        return form
    bare = _NAME.sub("", form, count=1) if _NAME.match(form) else form
    if "=" in bare:
        return form
    upper = re.sub(r"\\mp(?![A-Za-z])", "-", re.sub(r"\\pm(?![A-Za-z])", "+", bare))
    lower = re.sub(r"\\mp(?![A-Za-z])", "+", re.sub(r"\\pm(?![A-Za-z])", "-", bare))
    return f"{upper.strip().removeprefix('+').strip()},{lower.strip()}"


def residue(form: str) -> tuple[int, int] | None:
    r"""(residue, modulus) of ``x \equiv 5 \pmod 7``; None for anything else."""
    if "mod" not in form:
        return None
    found = _RESIDUE.fullmatch(form)
    if found is None or int(found.group(2)) == 0:
        return None
    modulus = int(found.group(2))
    return int(found.group(1)) % modulus, modulus
