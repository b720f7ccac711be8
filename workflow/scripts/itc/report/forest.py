"""A small forest plot as SVG in the page's own colours: an effect with its interval per row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

ROW, TOP, LABEL, PLOT, VALUE = 20, 8, 290, 280, 230
WIDTH = LABEL + PLOT + VALUE


@dataclass(frozen=True)
class Effect:
    """One row: label, estimate with interval, how it reads, and the colour role of its mark."""

    label: str
    effect: float
    low: float
    high: float
    text: str
    colour: str = "currentColor"
    strong: bool = False  # the combined estimate, drawn as a diamond


def forest(rows: Sequence[Effect], smallest: float | None, title: str) -> Markup:
    """SVG with a line at no effect and a dashed one at the smallest effect of interest.

    Raises ValueError when no row has a finite effect: there is nothing to place.
    """
    finite = [v for r in rows for v in (r.effect, r.low, r.high) if math.isfinite(v)]
    if not finite:
        raise ValueError("no finite effect to draw")
    marks = [0.0] if smallest is None else [0.0, smallest]
    low, high = min(*finite, *marks), max(*finite, *marks)
    pad = 0.05 * (high - low or 1.0)
    low, high = low - pad, high + pad

    def x(value: float) -> float:
        return round(LABEL + PLOT * (value - low) / (high - low), 1)

    height = TOP + ROW * len(rows) + 6
    parts = [f'<line x1="{x(0)}" x2="{x(0)}" y1="2" y2="{height - 2}" class="zero"/>']
    if smallest:
        parts.append(
            f'<line x1="{x(smallest)}" x2="{x(smallest)}" y1="2" y2="{height - 2}" class="least"/>'
        )
    for i, row in enumerate(rows):
        y = TOP + ROW * i + ROW / 2
        weight = ' class="strong"' if row.strong else ""
        parts.append(
            f'<text x="{LABEL - 12}" y="{y + 4}" text-anchor="end"{weight}>'
            f"{escape(row.label)}</text>"
            f'<text x="{LABEL + PLOT + 12}" y="{y + 4}" class="value">{escape(row.text)}</text>'
        )
        if not math.isfinite(row.effect):
            continue
        style = f'style="color:{row.colour}"'
        if math.isfinite(row.low) and math.isfinite(row.high):
            parts.append(f'<line x1="{x(row.low)}" x2="{x(row.high)}" y1="{y}" y2="{y}" {style}/>')
        at = x(row.effect)
        if row.strong:
            diamond = f"{at - 6},{y} {at},{y - 6} {at + 6},{y} {at},{y + 6}"
            parts.append(f'<polygon points="{diamond}" {style}/>')
        else:
            parts.append(f'<circle cx="{at}" cy="{y}" r="4" {style}/>')
    return Markup(
        f'<svg class="forest" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="'
        f'{escape(title)}">{"".join(parts)}</svg>'
    )
