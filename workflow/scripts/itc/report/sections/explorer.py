"""Responses to read: pick a dataset, a problem, a model; see the draws and open one."""

from __future__ import annotations

from dataclasses import replace

from itc.features._lexicon import load
from itc.figures.markers import FIRST
from itc.report import examples
from itc.report.context import Context

TITLE = "Explorer"
ORDER = 70
TABLES = ("models", "dataset_cards")
MAX_BYTES = 1_000_000  # of text: the page as a whole stays under 5 MB


def build(context: Context, max_bytes: int = MAX_BYTES) -> examples.Explorer | None:
    """Sampled responses with their markers; None where the study gave no texts."""
    if context.examples is None:
        return None
    read = context.examples.dropna(subset="text")  # an archive may hold responses without text
    if read.empty:
        return None
    known = {lexicon.name: lexicon for lexicon in load()}
    lexicons = [known[name] for name in FIRST if name in known]
    rows = read.assign(model=read["model"].map(lambda name: context.model(name).text))
    titles = {d: context.dataset(d).text for d in rows["dataset"].unique()}
    beside = context.provenance.get("explorers", {})
    links = tuple((context.dataset(d).text, str(file)) for d, file in beside.items())
    return replace(examples.build(rows, lexicons, max_bytes, titles), links=links)
