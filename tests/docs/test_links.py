"""Every link, anchor and path that the documentation names exists."""

import re
from pathlib import Path

import pytest

from .markdown import REPO, anchors, documents, inline, tracked

# A path in backticks is taken at its word where it begins in one of these folders.
ROOTS = sorted({name.split("/")[0] for name in tracked() if "/" in name})
PATH = re.compile(rf"(?:{'|'.join(map(re.escape, ROOTS))})/[\w./{{}},*-]*")
# Names that stand for many: NAME, {dataset}, a pattern.
VARIABLE = re.compile(r"[A-Z]{3,}|[{}*]|\.\.\.")
TARGETS = re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE)


def within(document: str, target: str) -> Path:
    return ((REPO / document).parent / target).resolve() if target else REPO / document


@pytest.mark.parametrize("document", documents())
def test_relative_links_and_their_anchors_exist(document):
    missing = []
    links = [
        (line, token.attrs[key])
        for kind, key in (("link_open", "href"), ("image", "src"))
        for line, token in inline(document, kind)
    ]
    for line, link in links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = within(document, target)
        if not path.exists():
            missing.append(f"{document}:{line}: no file {target}")
        elif not path.is_relative_to(REPO):
            missing.append(f"{document}:{line}: {target} leaves the checkout")
        elif anchor and path.suffix == ".md":
            known = anchors(str(path.relative_to(REPO)))
            if anchor not in known:
                missing.append(f"{document}:{line}: no heading #{anchor}; {sorted(known)}")
    assert not missing, "\n".join(missing)


def in_backticks(document):
    """(line, text) of every piece of code that stands in a sentence and names no variable part."""
    for line, token in inline(document, "code_inline"):
        if not VARIABLE.search(token.content):
            yield line, token.content.strip()


@pytest.mark.parametrize("document", documents())
def test_paths_in_backticks_exist(document):
    missing = []
    for line, text in in_backticks(document):
        # A path from the root or, in the README of a folder, from there.
        if PATH.fullmatch(text):
            places = (REPO, (REPO / document).parent, REPO / "workflow/scripts")
            if not any((place / text).exists() for place in places):
                missing.append(f"{document}:{line}: no {text}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("document", documents())
def test_modules_in_backticks_exist(document):
    missing = []
    for line, text in in_backticks(document):
        named = re.fullmatch(r"itc/[\w/]+(?:\.py|/)?", text)
        if named and not (REPO / "workflow/scripts" / text).exists():
            missing.append(f"{document}:{line}: no workflow/scripts/{text}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("document", documents())
def test_make_targets_in_backticks_exist(document):
    for line, token in inline(document, "code_inline"):
        for target in re.findall(r"\bmake ([a-z][a-z-]+)", token.content):
            assert target in TARGETS, f"{document}:{line}: the Makefile has no target {target}"


@pytest.mark.parametrize("document", [d for d in documents() if d != "CHANGELOG.md"])
def test_snakemake_commands_in_backticks_would_start(document):
    for line, token in inline(document, "code_inline"):
        if re.match(r"snakemake [a-z]", token.content):
            assert " --cores " in token.content, (
                f"{document}:{line}: `{token.content}` ends with `cores have to be specified`"
            )
