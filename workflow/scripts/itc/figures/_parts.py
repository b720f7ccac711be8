"""Pieces that several figures share: empty figure, axes in plain units, labels kept apart."""

from __future__ import annotations

import math
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from itc.figures._style import MUTED, WIDTH, Look

DOMAIN_ALL = "all"
NOTHING = "nothing-to-draw"  # id of an empty figure, by which the page knows it


def missing(reason: str) -> tuple[Figure, pd.DataFrame]:
    """A small figure that says what is not there and why, with an empty table as its data."""
    fig = plt.figure(figsize=(WIDTH, 1.1))
    fig.set_gid(NOTHING)
    lines = "\n".join(textwrap.wrap(f"Nothing to draw: {reason}", 96))
    fig.text(0.5, 0.5, lines, ha="center", va="center", color=MUTED)
    return fig, pd.DataFrame({"note": [reason]})


def rows_of(tables: dict[str, pd.DataFrame], name: str, *columns: str) -> pd.DataFrame | None:
    """Table ``name`` when it has rows and all ``columns``; None otherwise."""
    frame = tables.get(name)
    if frame is None or frame.empty or not set(columns) <= set(frame.columns):
        return None
    return frame


def headline_dataset(frame: pd.DataFrame) -> str:
    """The dataset of a one-panel figure: all of them pooled, or else the only or first one."""
    names = sorted(frame["dataset"].unique())
    return DOMAIN_ALL if DOMAIN_ALL in names else names[0]


def panels_of(frame: pd.DataFrame, limit: int) -> list[str]:
    """Datasets for small multiples: each one; the pooled row only where it is all there is."""
    names = sorted(n for n in frame["dataset"].unique() if n != DOMAIN_ALL)
    return (names or [DOMAIN_ALL])[:limit]


def short_number(value: float, _position: object = None) -> str:
    """1200 -> 1.2k, 3000000 -> 3M; tick labels of token and cost axes."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else ""
    for size, unit in ((1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def grid_of(
    panels: int, height: float, extra: float, columns: int = 4, **options: object
) -> tuple[Figure, list[Axes]]:
    """Figure of ``panels`` axes, at most ``columns`` side by side, rows filled evenly; ``height``
    inches each and ``extra`` for legend and labels. ``options`` go to ``plt.subplots``.
    """
    bands = math.ceil(panels / columns)
    across = math.ceil(panels / bands)
    fig, axes = plt.subplots(
        bands, across, figsize=(WIDTH, extra + height * bands), squeeze=False, **options
    )
    flat = list(axes.flat)
    for spare in flat[panels:]:
        spare.set_visible(False)
    if options.get("sharex"):  # the panel above an empty place shows the axis itself
        for spare in flat[panels:]:
            row, column = divmod(flat.index(spare), across)
            flat[(row - 1) * across + column].tick_params(labelbottom=True)
    return fig, flat[:panels]


def log_axis(ax: Axes, low: float, high: float) -> None:
    """Logarithmic x axis with labels in words, dense enough to have three inside the range."""
    ax.set_xscale("log")
    decades = math.log10(max(high, low * 1.0001) / low)
    subs = (1.0,) if decades > 3 else (1.0, 3.0) if decades > 1.2 else (1.0, 2.0, 5.0)
    ax.xaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
    ax.xaxis.set_major_formatter(FuncFormatter(short_number))
    ax.xaxis.set_minor_formatter(NullFormatter())


def doubling_axis(ax: Axes, budgets: list[int]) -> None:
    """x axis of sample counts: logarithmic, ticks at the powers of two that occur."""
    ax.set_xscale("log", base=2)
    powers = [b for b in budgets if b & (b - 1) == 0]
    step = max(1, math.ceil(len(powers) / 6))
    ax.set_xticks(powers[::step] or budgets, [str(b) for b in powers[::step] or budgets])
    ax.xaxis.set_minor_formatter(NullFormatter())


def percent_axis(ax: Axes, which: str = "y") -> None:
    """Shares as per cent, without a decimal that the data cannot carry."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))
    axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))


def spread(values: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move ``values`` as little as needed so that neighbours keep ``gap``, inside [low, high]."""
    order = np.argsort(values, kind="stable")
    placed = np.asarray(values, dtype=float)[order]
    for _ in range(60):
        moved = False
        for i in range(len(placed) - 1):
            short = gap - (placed[i + 1] - placed[i])
            if short > 1e-9:
                placed[i] -= short / 2
                placed[i + 1] += short / 2
                moved = True
        if len(placed) and placed[0] < low:
            placed += min(low - placed[0], max(0.0, high - placed[-1]))
        if len(placed) and placed[-1] > high:
            placed -= placed[-1] - high
        if not moved:
            break
    out = np.empty(len(placed))
    out[order] = placed
    return out.tolist()


def end_labels(ax: Axes, ends: list[tuple[float, float, Look]], gap: float = 0.055) -> None:
    """Name each curve in the right margin beside its end; names move apart, a hairline leads."""
    if not ends:
        return
    low, high = ax.get_ylim()
    span = high - low
    places = spread([y for _, y, _ in ends], gap * span, low + 0.02 * span, high - 0.02 * span)
    for (x, y, look), place in zip(ends, places, strict=True):
        ax.annotate(
            look.title,
            xy=(x, y),
            xytext=(1.02, (place - low) / span),
            textcoords="axes fraction",
            va="center",
            color=look.colour,
            fontsize=8.2,
            fontweight="bold",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": look.colour,
                "linewidth": 0.6,
                "alpha": 0.45,
                "shrinkA": 1,
                "shrinkB": 4,
            },
        )


def panel_title(ax: Axes, look: Look, columns: int) -> None:
    """A model's name over its panel, in smaller type where a long one would meet its neighbour."""
    room = 74 / columns  # characters of title size that fit side by side
    size = 9.0 if len(look.title) <= room else max(6.0, 9.0 * room / len(look.title))
    ax.set_title(look.title, color=look.colour, fontsize=size)


def signed(value: float, unit: str = "") -> str:
    """+5, \N{MINUS SIGN}5 or 0: tick labels of differences."""
    digits = 0 if abs(value - round(value)) < 1e-6 else 1
    text = f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return f"{text}{unit}" if abs(value) > 1e-9 else "0"
