"""The tolerance of resampling: the same requests sampled in other engine settings."""

from __future__ import annotations

from typing import Any

from itc.report.context import Context
from itc.report.page import Blocks, Column, Note, Prose, TableBlock, percent, points

TITLE = "Reproducibility"
ORDER = 92
TABLES = ("reproducibility", "models")

COLUMNS = [
    Column("title", "model", choose=True),
    Column("variant", "setting"),
    Column("engine_version", "engine version"),
    Column("gpu", "device"),
    Column("dtype", "dtype"),
    Column("tensor_parallel", "tensor parallel", "integer"),
    Column("n_responses", "responses", "integer"),
    Column("identical", "identical", "percent", "share with the same tokens as configured"),
    Column("first_difference", "parts at token", "integer", "median, of responses that differ"),
    Column("length_difference", "length difference", "signed", "mean output tokens"),
    Column("length_difference_se", "its error", "number", "clustered by problem"),
    Column("accuracy", "accuracy", "percent"),
    Column("accuracy_difference", "accuracy difference", "points"),
    Column("accuracy_difference_se", "its error", "points", "clustered by problem"),
]
ABSENT = (
    "Not measured for this study. The command snakemake --cores all reproducibility_probe samples "
    "the same requests at other batch sizes, types and tensor-parallel sizes; the next report "
    "quotes it."
)
SOURCE = "reproducibility, settings other than the configured one"


def build(context: Context) -> Blocks | None:
    """Largest movement in one sentence, then every setting; a note where nobody probed."""
    probes = context.table("reproducibility", "identical")
    if probes is None or probes.empty:
        return Blocks((Note(ABSENT),))
    others = probes[probes["variant"] != probes["reference"]]
    blocks: list[Any] = []
    if len(others):
        worst = others["accuracy_difference"].abs().max()
        blocks.append(
            Prose(
                (
                    "Sampled again with other engine settings, the same requests gave the same "
                    "tokens in ",
                    percent(others["identical"].min(), f"smallest identical of {SOURCE}"),
                    " to ",
                    percent(others["identical"].max(), f"largest identical of {SOURCE}"),
                    " of responses, and accuracy moved by at most ",
                    points(worst, f"largest accuracy_difference of {SOURCE}"),
                    ": who repeats this study elsewhere should expect no closer agreement.",
                ),
                lead=True,
            )
        )
    models = context.table("models", "model")
    if models is not None:
        titles = models.set_index("model")["title"]
        probes = probes.assign(title=probes["model"].map(titles))
    table = TableBlock.of("reproducibility", "The same requests, sampled again", probes, COLUMNS)
    return Blocks((*blocks, table))
