"""Write a figure as SVG, PDF and the CSV of what it shows; equal content gives equal bytes."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.atomic import replaced
from itc.figures._style import style

# No date and no creator: matplotlib would write the hour, and its version belongs to provenance.
SVG_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
PDF_METADATA = {"CreationDate": None, "Creator": None, "Producer": None}


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
        text = data.to_csv(index=False, float_format="%.8g", lineterminator="\n")
        replaced(csv_path, text)
    plt.close(fig)
