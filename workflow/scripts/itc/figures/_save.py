"""Write a figure as SVG, PDF and the CSV of what it shows; equal content gives equal bytes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.atomic import replaced
from itc.figures._style import style

# No date and no creator: matplotlib would write the hour, and its version belongs to provenance.
SVG_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
PDF_METADATA = {"CreationDate": None, "Creator": None, "Producer": None}


# What a spreadsheet takes for a formula where a cell begins with it, blanks before it or not.
FORMULA = re.compile(r"[\s\0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def cell(value: Any) -> Any:
    """``value`` as a cell of a CSV file: a text that would be a formula begins with an apostrophe.

    Numbers, also those that are written as text, stay as they are.
    """
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone one would end the line
    plain = NUMBER.fullmatch(value) or not FORMULA.match(value)
    return value if plain else f"'{value}"


def harmless(data: pd.DataFrame) -> pd.DataFrame:
    """``data`` with ``cell`` applied to its texts and to the names of its columns."""
    safe = data.copy()
    for position, kind in enumerate(data.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            safe.isetitem(position, data.iloc[:, position].astype(object).map(cell))
    return safe.set_axis([cell(name) for name in data.columns], axis="columns")


def save(
    fig: Figure,
    data: pd.DataFrame,
    svg_path: str | Path,
    csv_path: str | Path | None = None,
    pdf_path: str | Path | None = None,
) -> None:
    """Write ``fig`` to ``svg_path`` (and ``pdf_path``) and ``data`` to ``csv_path``, then close it.

    Each file is written beside its place and renamed, so none is ever half there.
    """
    with style():
        fig.draw_without_rendering()
        fig.set_layout_engine("none")  # laid out once; each format would do it again
        svg = io.StringIO()
        fig.savefig(svg, format="svg", metadata=SVG_METADATA)
        replaced(svg_path, svg.getvalue())
        if pdf_path is not None:
            pdf = io.BytesIO()
            fig.savefig(pdf, format="pdf", metadata=PDF_METADATA)
            replaced(pdf_path, pdf.getvalue())
    if csv_path is not None:
        text = harmless(data).to_csv(index=False, float_format="%.8g", lineterminator="\n")
        replaced(csv_path, text)
    plt.close(fig)
