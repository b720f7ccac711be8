"""Turn a saved figure into markup that lives inside the page, in the page's colours and fonts."""

from __future__ import annotations

import html
import re

from markupsafe import Markup

from itc.figures._style import ROLES
from itc.report.svg_allowed import UnsafeSvgError, check

# matplotlib's <style> would reach out of the drawing once inlined; report.css has the same rule.
_PROLOG = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.S
)
_ROOT = re.compile(r"<svg\b[^>]*>", re.S)
_MARKS = re.compile(r"<g(?P<more>(?: clip-path=\"[^\"]*\")?)>(?P<marks>(?:<use [^<>]*/>){2,})</g>")
_FONT = re.compile(r"'DejaVu Sans'(?:,[^;\"]*)?")


__all__ = ["UnsafeSvgError", "inline"]


def inline(svg: str, name: str, title: str, description: str) -> Markup:
    """SVG text of figure ``name`` as one ``<svg>`` element with unique ids and no address in it.

    Fixed hex colours become the CSS variables of ``ROLES``; width and height give way to the
    view box, so the drawing scales with its column. Raises UnsafeSvgError for active content.
    """
    body = _PROLOG.sub("", svg).strip()
    root = _ROOT.search(body)
    if root is None or not body.endswith("</svg>"):
        raise UnsafeSvgError(f"figure {name!r}: not one whole <svg> element")
    check(body, name)
    box = re.search(r'viewBox="([-\d. ]+)"', root.group(0))
    if box is None:
        raise UnsafeSvgError(f"figure {name!r}: the SVG has no viewBox")
    inner = body[root.end() : -len("</svg>")]
    inner = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', inner)
    inner = re.sub(r'\b(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', inner)
    inner = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", inner)
    for colour, role in ROLES.items():
        inner = re.sub(re.escape(colour) + r"\b", role, inner, flags=re.I)
    inner = _FONT.sub("var(--sans)", inner)
    inner = re.sub(r'\bd="[^"]*"', _short_path, inner)
    inner = re.sub(r">\s+<", "><", inner).strip()
    inner = re.sub(r' [xy]="-?\d+\.\d+"', _short_number, inner)
    inner = _MARKS.sub(_shared_style, inner)
    return Markup(
        f'<svg viewBox="{box.group(1)}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>{inner}</svg>'
    )


def _short_number(match: re.Match[str]) -> str:
    return re.sub(r"(\.\d\d)\d+", r"\1", match.group(0))


def _shared_style(match: re.Match[str]) -> str:
    """The marks of one group, their common style said once: thousands of points, a third of it."""
    styles = set(re.findall(r' style="([^"]*)"', match["marks"]))
    if len(styles) != 1 or match["marks"].count(" style=") != match["marks"].count("<use "):
        return match.group(0)
    marks = re.sub(r' style="[^"]*"', "", match["marks"])
    return f'<g{match["more"]} style="{styles.pop()}">{marks}</g>'


def _short_path(match: re.Match[str]) -> str:
    """Path data at a hundredth of a point, which no screen shows, in half the bytes."""
    path = re.sub(r"(\.\d\d)\d+", r"\1", match.group(0))
    return re.sub(r"\s+", " ", path)
