"""All patterns that see what others wrote, and how their time grows on text made to slow them."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from re import _parser  # the tree of a pattern has no public name
from types import ModuleType
from typing import Any, NamedTuple

from itc.guard import Undecidable, guarded

PACKAGES = ("grading", "features", "archive", "procedures", "datasets")
MODULES = ("importing",)
METHODS = ("search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split")
LETTERS = "ABCDEFGHIJ"  # what stands for a value inside a pattern that a function builds

# Pieces that overlapping repetitions share: blanks, digits, signs, braces, words of phrases.
PIECES = (
    *(
        " ",
        "\t",
        "\n",
        " \n",
        "\n\n",
        "\u00a0",
        "1",
        "12 ",
        "1,",
        ",1",
        "1.",
        ".1",
        "1/",
        "/1",
        "-1",
    ),
    *(
        "a",
        "a ",
        "a.",
        "A",
        "A)",
        "(A) ",
        "_",
        "-",
        "--",
        "+",
        "=",
        "= ",
        ":",
        ": ",
        ".",
        ". ",
        ",",
    ),
    *(", ", ";", "; ,", "$", "$$", "$1", "$a$", "\\", "\\ ", "\\,", "\\[", "\\]", "\\(", "\\)"),
    *(
        "{",
        "}",
        "{}",
        "{ ",
        "} ",
        "(",
        ")",
        ") ",
        "[",
        "]",
        "^",
        "2^",
        "2^{",
        "**",
        "**2",
        "!",
        "3!",
    ),
    *("\\frac{", "\\frac 1", "\\text{", "\\text{a}", "\\boxed{", "\\boxed{1}", "\\sqrt{", "\\sum"),
    *("\\quad", "\\left(", "%", " %", "\\%", "*", "* ", "**a**", "`", "```", "```python\n", "``` "),
    *("answer", "answer ", "answer: ", "answer is ", "answer to ", "is ", "and ", "or ", "the "),
    *("option ", "choice (", "final answer is ", "I hope it is correct", "score: ", "response "),
    *(
        "percent",
        "####",
        "wait, ",
        "\u2019",
        "'",
        '"',
        "\u0661",
        "\u4e2d",
        "<think>",
        "def ",
        "x = ",
    ),
)
# What comes before and after a run of one piece: a start that matches, an end that does not.
FRAMES = (("", ""), ("1", "x"), ("answer", "!"), ("\\frac", "}"))

SIZES = (125, 250, 500, 1_000, 2_000, 4_000)  # characters
FLOOR = 0.003  # seconds; the first size that takes longer is looked at again
GROWTH = 8.0  # a linear pattern grows by 4 for four times the text, a quadratic one by 16


def modules() -> list[ModuleType]:
    """Every module whose patterns see answers, recordings or datasets."""
    path = list(sys.path)  # the program that runs in the sandbox changes it
    found = [importlib.import_module(f"itc.{name}") for name in MODULES]
    for package in PACKAGES:
        home = importlib.import_module(f"itc.{package}")
        for info in pkgutil.iter_modules(home.__path__):
            found.append(importlib.import_module(f"itc.{package}.{info.name}"))
    sys.path[:] = path
    return found


def held(value: object, depth: int = 2) -> Iterator[re.Pattern[str]]:
    """Patterns that a value is or holds."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from held(item, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from held(item, depth - 1)


def called(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Patterns written in a call of ``re`` inside a function, values in them taken as LETTERS."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in (*METHODS, "compile")
            and node.args
        ):
            continue
        written = literal(node.args[0])
        if written is not None:
            flags = 0
            for part in ast.walk(node):
                if isinstance(part, ast.Attribute) and part.attr.isupper():
                    flags |= getattr(re, part.attr, 0)
            try:
                yield f"line {node.lineno}", re.compile(written, flags)
            except re.error:  # holds parts whose value matters: a module-level one, found above
                continue


def literal(node: ast.expr) -> str | None:
    """Text of a string or f-string; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else LETTERS for part in node.values
        )
    return None


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """Name -> pattern, each text once."""
    found: dict[str, re.Pattern[str]] = {}
    seen = set()
    for module in modules():
        short = module.__name__.removeprefix("itc.")
        own = [(name, p) for name, value in vars(module).items() for p in held(value)]
        for name, pattern in [*own, *called(module)]:
            if (pattern.pattern, pattern.flags) not in seen:
                seen.add((pattern.pattern, pattern.flags))
                found[f"{short}.{name}"] = pattern
    return found


def seconds(pattern: re.Pattern[str], method: str, text: str, repeats: int = 1) -> float:
    """Least CPU time of ``repeats`` runs."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        if method == "findall":
            for _ in pattern.finditer(text):
                pass
        else:
            getattr(pattern, method)(text)
        times.append(time.thread_time() - start)
    return min(times)


@lru_cache(maxsize=8)
def texts(piece: str, size: int) -> list[str]:
    """The piece repeated to about ``size`` characters, in each frame; and behind digits."""
    run = piece * (size // len(piece))
    half = piece * (size // 2 // len(piece))
    return [f"{before}{run}{after}" for before, after in FRAMES] + ["1" * (size // 2) + half + "x"]


class Attack(NamedTuple):
    """Text made for one pattern: a beginning, a piece to repeat, and an end."""

    before: str
    piece: str
    after: str

    def text(self, size: int) -> str:
        """About ``size`` characters of it."""
        return f"{self.before}{self.piece * max(1, size // len(self.piece))}{self.after}"


def attacks(pattern: re.Pattern[str], count: int, seed: int) -> Iterator[Attack]:
    """Parts of texts that the pattern matches, repeated: what its own repetitions share."""
    chance = random.Random(f"{pattern.pattern}/{seed}")
    tree = _parser.parse(pattern.pattern, pattern.flags)
    for _ in range(count):
        text = matched(tree, chance) + matched(tree, chance)
        if text:
            a, b = sorted(chance.randrange(len(text) + 1) for _ in range(2))
            piece = text[a:b][:12] or text[0]
            ends = ("", "!", "\0", "x", "1", " ", text[b : b + 10])
            yield Attack(text[:a][-30:], piece, chance.choice(ends))


def matched(tree: Iterable[Any], chance: random.Random) -> str:
    """A text that a parsed pattern matches, assertions aside."""
    parts = []
    for code, value in tree:
        kind = str(code)
        if kind == "LITERAL":
            parts.append(chr(value))
        elif kind in ("NOT_LITERAL", "ANY"):
            parts.append(chance.choice("a1 $({"))
        elif kind == "IN":
            parts.append(member(value, chance))
        elif kind == "BRANCH":
            parts.append(matched(chance.choice(value[1]), chance))
        elif kind == "SUBPATTERN":
            parts.append(matched(value[3], chance))
        elif kind == "ATOMIC_GROUP":
            parts.append(matched(value, chance))
        elif kind.endswith("_REPEAT"):
            least, most, inner = int(value[0]), int(value[1]), value[2]
            times = chance.randint(least, min(most, least + 3))
            parts += [matched(inner, chance) for _ in range(times)]
    return "".join(parts)


def member(items: list[Any], chance: random.Random) -> str:
    """A character of a class, for those of the usual kinds; any for a class of what is not."""
    if str(items[0][0]) == "NEGATE":
        return chance.choice("a1 b2$({)}.,;:-+=\\'\"")
    code, value = chance.choice(items)
    if str(code) == "LITERAL":
        return chr(value)
    if str(code) == "RANGE":
        return chr(chance.randint(value[0], min(value[1], value[0] + 40)))
    kinds = {"NOT_SPACE": "a1$", "SPACE": " \t\n", "NOT_DIGIT": "a", "DIGIT": "019"}
    name = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
    return chance.choice(kinds.get(name, " $." if name.startswith("NOT") else "a1_"))


def worst(pattern: re.Pattern[str], count: int, seed: int = 1) -> str | None:
    """The first of ``count`` attacks made for a pattern on which its time grows too fast."""
    for attack in attacks(pattern, count, seed):
        for method in ("findall", "fullmatch"):

            def cost(size: int, repeats: int = 1, a: Attack = attack, m: str = method) -> float:
                return guarded(seconds, pattern, m, a.text(size), repeats, seconds=1.5)

            try:
                slow = next((size for size in SIZES if cost(size) >= FLOOR), None)
                if slow is None:
                    continue
                small, large = cost(slow, 3), cost(4 * slow, 3)
            except Undecidable:
                return f"{method} on {attack}: not over after 1.5 seconds"
            if small > FLOOR / 2 and large > GROWTH * small:
                return f"{method} on {attack}: x{large / small:.0f} for 4 times the text"
    return None


def grows(pattern: re.Pattern[str], piece: str) -> str | None:
    """How the time of a pattern grows on a piece, where that is above linear; None where not."""
    for method in ("findall", "fullmatch"):
        for place in range(len(FRAMES) + 1):
            for size in SIZES:
                if seconds(pattern, method, texts(piece, size)[place]) >= FLOOR:
                    break
            else:
                continue
            text = texts(piece, size)[place]
            small, large = (
                seconds(pattern, method, texts(piece, n)[place], 3) for n in (size, 4 * size)
            )
            if small > FLOOR / 2 and large > GROWTH * small:
                return f"{method} on {text[:12]!r}...: x{large / small:.0f} for 4 times the text"
    return None
