"""What the checks of the documentation read in a Markdown file: fenced blocks, links, headings."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

REPO = Path(__file__).resolve().parents[2]
SHELL = ("console", "sh")
LEFT = re.compile(r"(\.venv[^/]*|\.\w+_cache|\.snakemake|results|journal|logs)/|.*__pycache__/")


@dataclass(frozen=True)
class Block:
    """One fenced block: ``line`` counts from 1.

    The fence's first word is the ``language``, its second the ``file`` that the reader writes: a
    path from the root of the checkout, or below `~`.
    """

    document: str
    line: int
    language: str
    file: str
    text: str
    follows: bool = False  # whether nothing stands between this block and the one before it

    @property
    def where(self) -> str:
        return f"{self.document}:{self.line}"

    def commands(self) -> list[str]:
        """Commands of a shell block without comments; a line that ends in a backslash goes on."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        bare = (re.sub(r"(^|\s{2,})#.*$", "", line).strip() for line in joined.splitlines())
        return [line for line in bare if line]


def tracked(pattern: str = "") -> list[str]:
    """Files of the checkout whose name ends in ``pattern``: those git knows or would add.

    In a copy without git, all but what runs leave behind.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        names = set(listed.stdout.splitlines())
    else:
        found = (path.relative_to(REPO) for path in REPO.rglob("*") if path.is_file())
        names = {str(path) for path in found if not LEFT.match(str(path))}
    return sorted(name for name in names if name.endswith(pattern) and (REPO / name).exists())


@cache
def documents() -> tuple[str, ...]:
    """Every Markdown file of the checkout."""
    return tuple(tracked(".md"))


@cache
def tokens(document: str) -> list:
    parser = MarkdownIt("commonmark").enable("table")
    return parser.parse((REPO / document).read_text(encoding="utf-8"))


def blocks(document: str, *languages: str) -> list[Block]:
    """Fenced blocks of a document in order, of the named languages or of all."""
    parsed = tokens(document)
    found = [
        Block(
            document,
            token.map[0] + 1,
            *token.info.partition(" ")[::2],
            token.content,
            follows=place > 0 and parsed[place - 1].type == "fence",
        )
        for place, token in enumerate(parsed)
        if token.type == "fence"
    ]
    return [block for block in found if not languages or block.language in languages]


def anchors(document: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    found: set[str] = set()
    parsed = tokens(document)
    for token, inline in pairwise(parsed):
        if token.type == "heading_open":
            title = "".join(part.content for part in inline.children or [])
            slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
            known, number = slug, 0
            while known in found:
                number += 1
                known = f"{slug}-{number}"
            found.add(known)
    return found


def inline(document: str, kind: str) -> list[tuple[int, object]]:
    """(line, token) of every inline token of a kind, such as ``link_open`` or ``code_inline``."""
    found = []
    for token in tokens(document):
        if token.type == "inline":
            line = token.map[0] + 1 if token.map else 0
            found += [(line, child) for child in token.children or [] if child.type == kind]
    return found
