"""What a figure that is put into a page may hold: a list of what is allowed, nothing else.

The list is what the plotting library writes for drawings. A figure with anything more is refused as
a whole: taking parts out would leave a drawing that shows something else.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

ELEMENTS = frozenset(
    (
        *("svg", "defs", "g", "path", "use", "text", "tspan", "clipPath", "rect", "circle"),
        *("ellipse", "line", "polyline", "polygon", "linearGradient", "radialGradient", "stop"),
        "pattern",
    )
)
_GEOMETRY = (
    *("x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "cx", "cy", "r", "rx", "ry", "fx", "fy"),
    *("width", "height", "d", "points", "offset", "transform", "gradientTransform"),
    *("gradientUnits", "patternUnits", "clipPathUnits", "spreadMethod", "viewBox", "version"),
    "preserveAspectRatio",
)
_STYLE = (
    *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-opacity", "stroke-width", "opacity"),
    *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
    *("stroke-miterlimit", "font-family", "font-size", "font-weight", "font-style"),
    *("font-stretch", "font-variant", "font", "text-anchor", "dominant-baseline", "clip-path"),
    *("clip-rule", "stop-color", "stop-opacity", "color", "letter-spacing", "white-space"),
)
ATTRIBUTES = frozenset((*_GEOMETRY, *_STYLE, "id", "style"))
PROPERTIES = frozenset(_STYLE)
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SVG = "{http://www.w3.org/2000/svg}"
_LOCAL = re.compile(r"#[\w.:-]+")
_NAME = re.compile(r"[\w.:-]+")
# One value of a property or attribute: words, numbers, colours, quoted font names, a transform, or
# a reference inside the drawing. No other function, no escape, no comment.
_VALUE = re.compile(
    r"(?:url\(#[\w.:-]+\)|(?:rotate|translate|scale|matrix|skewX|skewY|rgba?|hsla?)\([-+\d.,%\seE]*\)"
    r"|'[\w .-]*'|\"[\w .-]*\"|[\w#%.,+\s-])*"
)


class UnsafeSvgError(ValueError):
    """The file is no drawing of ours: it holds something that drawings do not need."""


def check(svg: str, figure: str) -> None:
    """Raise UnsafeSvgError unless ``svg``, one element as text, holds only what is allowed."""

    def refuse(what: str) -> UnsafeSvgError:
        return UnsafeSvgError(
            f"figure {figure!r}: active content in the SVG, or what no drawing needs: {what}; "
            "make the figure again (allowed: itc/report/svg_allowed.py)"
        )

    # A page reads these otherwise than XML does, or they define what is looked at below.
    for sign in ("<!", "<?"):
        if sign in svg:
            at = svg.index(sign)
            raise refuse(repr(svg[at : at + 20]))
    # Pieces of a larger file leave out the names of namespaces that its first line gives.
    head, end, rest = svg.partition(">")
    for name, space in (("xmlns:xlink", _XLINK[1:-5]), ("xmlns", _SVG[1:-1])):
        if not re.search(rf"\s{name}\s*=", head):
            head = head.replace("<svg", f'<svg {name}="{space}"', 1)
    try:
        root = ElementTree.fromstring(head + end + rest)
    except ElementTree.ParseError as error:
        raise refuse(f"it is not well-formed ({error})") from error
    for element in root.iter():
        tag = str(element.tag).removeprefix(_SVG)
        if tag not in ELEMENTS:
            raise refuse(f"element {tag!r}")
        for key, value in element.attrib.items():
            if not _fits(key, value):
                raise refuse(f"attribute {key!r} with {value[:60]!r}")


def _fits(key: str, value: str) -> bool:
    """Whether an attribute is on the list and its value is one of those that it takes."""
    if key in ("href", _XLINK):
        return _LOCAL.fullmatch(value) is not None
    if key not in ATTRIBUTES:
        return False
    if key == "id":
        return _NAME.fullmatch(value) is not None
    if key != "style":
        return _VALUE.fullmatch(value) is not None
    for declaration in value.split(";"):
        name, colon, given = declaration.partition(":")
        if declaration.strip() and not (
            colon and name.strip() in PROPERTIES and _VALUE.fullmatch(given)
        ):
            return False
    return True
