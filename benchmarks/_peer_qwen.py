"""The answer rule of the Qwen2.5-Math evaluation, restated; the project publishes no package.

Source: github.com/QwenLM/Qwen2.5-Math, `evaluation/parser.py` (`extract_answer`, `strip_string`,
`choice_answer_clean`) and `evaluation/grader.py` (`math_equal`). Restated from reading them: the
order of the anchors, the last number, the cleaning of the answer, numbers equal within a relative
1e-4 and also as a percentage either way, lists by part, and symbolic equality. Shorter than the
source: its list of 200 unit words (the ones that occur in answers are here), and number words
(up to twelve). LaTeX is parsed by latex2sympy2_extended in place of the source's own fork.
"""

from __future__ import annotations

import math
import re

_LAST_NUMBER = re.compile(r"-?\d*\.?\d+")
_LETTER = re.compile(r"\b([A-E])\b")
_UNITS = (
    "degrees|degree|mph|ft|feet|inches|inch|miles|mile|yards|meters|meter|metres|cm|mm|km|kg|gm|"
    "g|m|s|hours|hour|minutes|minute|min|seconds|second|sec|days|day|weeks|months|month|years|"
    "year|dollars|cents|rupees|rs|percent|units|unit|square|cubic|ways|way|apples|apple|coins|"
    "men|women|man|people|students|gallons|liters|litres|pm|am"
)
_UNIT = re.compile(rf"(^|\W)(?:{_UNITS})($|\W)")
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_WORDS += ["eleven", "twelve"]
_DROPPED = (r"\!", r"\left", r"\right", r"^{\circ}", r"^\circ", r"\$", "$", r"\(", r"\)")


def extract(text: str) -> str:
    """The answer the rule reads from ``text``; empty where it finds none."""
    if "final answer is $" in text and "$. I hope" in text:
        found = text.split("final answer is $", 1)[1].split("$. I hope", 1)[0]
    elif "boxed" in text:
        found = _braces(text.rsplit("boxed", 1)[1])
    elif "he answer is" in text:
        found = text.rsplit("he answer is", 1)[1]
    elif "final answer is" in text:
        found = text.rsplit("final answer is", 1)[1]
    elif "答案是" in text:
        found = text.split("答案是")[1].strip().split("\n\n")[0]
    else:
        numbers = _LAST_NUMBER.findall(text.replace(",", ""))
        found = numbers[-1] if numbers else ""
    found = re.sub(r"\n\s*", "", found.strip())
    return clean(found.removeprefix(":").removesuffix(".").removesuffix("/"))


def _braces(rest: str) -> str:
    """What the braces at the start of ``rest`` hold; without braces all up to a dollar sign."""
    if not rest.startswith("{"):
        return rest.split("$")[0].strip()
    depth = 0
    for place, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return rest[1:place]
    return rest[1:]


def clean(answer: str) -> str:
    """The source's normal form of an answer or gold answer."""
    text = answer.strip().replace("\n", "").rstrip(".")
    text = re.sub(r"\\begin\{array\}\{.*?\}", r"\\begin{pmatrix}", text)
    text = text.replace(r"\end{array}", r"\end{pmatrix}").replace("bmatrix", "pmatrix")
    text = text.replace("tfrac", "frac").replace("dfrac", "frac")
    for sign in _DROPPED[:3]:
        text = text.replace(sign, "")
    text = text.replace(r"\{", "{").replace(r"\}", "}")
    text = re.sub(r"\\text\{.*?\}$", "", text).strip() or text
    for _ in range(2):
        text = _UNIT.sub(r"\1\2", text) or text
    for sign in _DROPPED[3:]:
        text = text.replace(sign, "")
    if text.strip().lower() in _WORDS:
        text = str(_WORDS.index(text.strip().lower()))
    text = re.sub(r"\\text\{(.*?)\}", r"\1", text)
    text = re.sub(r"[xyz](?:=|\\in|\\to)", "", text)
    text = text.replace(r"\%", "").replace("%", "").replace("and", "").replace(r"\mathbf", "")
    text = re.sub(r"\\mbox\{.*?\}", "", text)
    text = re.sub(r"(\d)\.0*(\D|$)", r"\1\2", text)
    text = f"0{text}" if text.startswith(".") else text
    sides = text.split("=")
    if len(sides) == 2 and len(sides[0]) <= 2:
        text = sides[1]
    text = re.sub(r"\\sqrt(\w+)", r"\\sqrt{\1}", text).replace(" ", "")
    text = re.sub(r"\\frac([^{\\])([^{\\])", r"\\frac{\1}{\2}", text)
    return re.sub(r"^(-?\d+)/(-?\d+)$", r"\\frac{\1}{\2}", text)


def letter(text: str) -> str:
    """The choice letter the rule reads: the first after an anchor, else the last in the text."""
    anchors = re.split("choice is|answer is", text.strip("\n"))
    if len(anchors) > 2:  # several anchors: the first paragraph alone counts
        anchors = re.split("choice is|answer is", text.strip("\n").split("\n\n")[0])
    letters = _LETTER.findall(anchors[-1].upper())
    if not letters:
        return ""
    return str(letters[0] if len(anchors) > 1 else letters[-1])


def _number(text: str) -> float | None:
    plain = text.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        pass
    try:
        return float(plain.removesuffix("%").removesuffix("\\")) / 100 if "%" in plain else None
    except ValueError:
        return None


def equal(answer: str, gold: str) -> bool:
    """The source's comparison of two cleaned answers."""
    if answer.lower() == gold.lower():
        return True
    ours, theirs = _number(answer), _number(gold)
    if ours is not None and theirs is not None:
        near = (theirs / 100, theirs, theirs * 100)
        return any(math.isclose(value, ours, rel_tol=1e-4) for value in near)
    if not answer:
        return False
    bare = [re.sub(r"[{}()]", "", side).lower() for side in (answer, gold)]
    if bare[0] == bare[1]:
        return True
    if all(re.match(r"[(\[].+[)\]]$", side) for side in (answer, gold)):
        parts = [side[1:-1].split(",") for side in (answer, gold)]
        return len(parts[0]) == len(parts[1]) and all(map(equal, *parts))
    if answer.count("=") == 1 and gold.count("=") == 1:
        left = ["{}-({})".format(*side.split("=")) for side in (answer, gold)]
        return _symbolic(left[0], left[1]) or _symbolic(f"-({left[0]})", left[1])
    for one, other in ((answer, gold), (gold, answer)):
        name, sign, value = one.partition("=")
        if sign and len(name.strip()) <= 2 and "=" not in other:
            return equal(value, other)
    return _symbolic(answer, gold)


def _symbolic(answer: str, gold: str) -> bool:
    from latex2sympy2_extended import latex2sympy
    from sympy import N, simplify

    try:
        ours, theirs = latex2sympy(answer), latex2sympy(gold)
        if ours == theirs or simplify(ours - theirs) == 0:
            return True
        return math.isclose(float(N(theirs)), float(N(ours)), rel_tol=1e-4)
    except TimeoutError:
        raise
    except Exception:  # the source treats whatever fails here as different
        return False
