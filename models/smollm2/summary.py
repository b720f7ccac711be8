"""Print the tables of docs/first-llm.md and draw its figure from a finished `make study-llm`.

    .venv/bin/python models/smollm2/summary.py            # the tables, as Markdown
    .venv/bin/python models/smollm2/summary.py --figure   # writes docs/images/first-llm.svg as well

Reads results/smollm2/tables/ and the recorded times of generation, nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "workflow" / "scripts"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from itc import registry, tables  # noqa: E402

RESULTS = REPO / "results" / "smollm2"
FIGURE = REPO / "docs" / "images" / "first-llm.svg"
WAYS = ("boxed", "phrase", "json", "tag", "fallback", "none")
# Responses of the main sample that a strategy is shown with: as many as are judged and revised.
BUDGET = 4


def table(name: str) -> pd.DataFrame:
    """A table of the study."""
    registry.load("analyses", name)  # which describes its table
    return tables.read(RESULTS / "tables" / f"{name}.parquet", name)


def markdown(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table with its first column to the left."""
    header = list(header)
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def shown(row: pd.Series | None) -> str:
    """Accuracy of one point in percent with its interval."""
    if row is None:
        return ""
    return f"{100 * row.accuracy:.0f} ({100 * row.low:.0f} to {100 * row.high:.0f})"


def points(curves: pd.DataFrame, budget: int = BUDGET) -> pd.DataFrame:
    """Each strategy at ``budget``, or at its largest below it, per dataset."""
    fitting = curves[curves["budget"] <= budget]
    return fitting.sort_values("budget").groupby(["strategy", "dataset"]).tail(1)


def strategies(curves: pd.DataFrame) -> str:
    """Accuracy of every strategy on each dataset and on their mean, the best mean first."""
    at = points(curves)
    datasets = [name for name in at["dataset"].unique() if name != "all"] + ["all"]
    cells = {(r.strategy, r.dataset): r for r in at.itertuples()}
    order = at[at["dataset"] == "all"].sort_values("accuracy", ascending=False)
    rows = []
    for line in order.itertuples():
        accuracies = [shown(cells.get((line.strategy, name))) for name in datasets]
        tokens = line.cost_output_tokens
        cost = "" if np.isnan(tokens) else f"{tokens:.0f}"
        rows.append([line.strategy_title, line.budget, *accuracies, cost])
    return markdown(["strategy", "n", *datasets, "output tokens"], rows)


def reading(extraction: pd.DataFrame) -> str:
    """How answers were found, in percent of the responses of each procedure and dataset."""
    rows = []
    for (procedure, dataset), part in extraction.groupby(["procedure", "dataset"]):
        share = part.set_index("how")["share"].reindex(WAYS).fillna(0)
        other = max(0.0, 1 - share.sum())
        n = int(part["n_responses"].sum())
        rows.append([procedure, dataset, n, *(f"{100 * v:.0f}" for v in (*share, other))])
    return markdown(["procedure", "dataset", "replies", *WAYS, "other"], rows)


def judged(quality: pd.DataFrame) -> str:
    """What could be read and graded, in percent."""
    rows = []
    for row in quality.sort_values(["procedure", "dataset"]).itertuples():
        values = (row.right, row.undecided, row.unparsed, row.read, row.cut)
        rows.append(
            [row.procedure, row.dataset, row.n_responses]
            + ["" if np.isnan(v) else f"{100 * v:.1f}" for v in values]
        )
    header = ["procedure", "dataset", "replies", "right", "undecided", "no answer", "read", "cut"]
    return markdown(header, rows)


def figure(curves: pd.DataFrame) -> None:
    """Accuracy of every strategy, one panel per dataset, with a line at the single sample."""
    import matplotlib.pyplot as plt
    from itc.figures._save import save
    from itc.figures._style import INK, MUTED, PALETTE, WIDTH, style

    at = points(curves[curves["dataset"] != "all"])
    mean = at.groupby("strategy_title")["accuracy"].mean().sort_values()
    place = {title: number for number, title in enumerate(mean.index)}
    datasets = list(at["dataset"].unique())
    with style():
        fig, axes = plt.subplots(
            1, len(datasets), figsize=(WIDTH, 0.8 + 0.2 * len(place)), sharey=True,
            layout="constrained",
        )  # fmt: skip
        for axis, dataset in zip(np.atleast_1d(axes), datasets, strict=True):
            part = at[at["dataset"] == dataset]
            for row in part.itertuples():
                y = place[row.strategy_title]
                colour = MUTED if row.upper_bound else PALETTE[0]
                axis.plot([row.low, row.high], [y, y], color=colour, linewidth=1.2)
                axis.plot([row.accuracy], [y], "o", color=colour, markersize=4)
            single = part.loc[part["strategy"] == "single", "accuracy"]
            for value in single:
                axis.axvline(value, color=INK, linewidth=0.8, linestyle=":")
            axis.set_title(dataset)
            axis.set_xlim(0, 1)
            axis.set_xlabel("share right")
        first = np.atleast_1d(axes)[0]
        first.set_yticks(list(place.values()), list(place))
        save(fig, at, FIGURE)


def times() -> str:
    """Seconds, CPU seconds and peak memory of the jobs that generate and annotate."""
    rows = []
    for path in sorted((RESULTS.parent / "benchmarks").glob("*/*/*.tsv")):
        line = pd.read_csv(path, sep="\t").iloc[0]
        name = "/".join(path.relative_to(RESULTS.parent / "benchmarks").parts[:2])
        rows.append([name, f"{line['s']:.0f}", f"{line['cpu_time']:.0f}", f"{line['max_rss']:.0f}"])
    return markdown(["job", "seconds", "CPU seconds", "peak MB"], rows)


def main() -> None:
    """Print the tables; with --figure also draw."""
    curves = table("curves")
    for title, text in (
        (f"Strategies at n = {BUDGET}", strategies(curves)),
        ("How answers were found", reading(table("extraction"))),
        ("Grades and readable judgements", judged(table("quality"))),
        ("Time and memory", times()),
    ):
        print(f"\n{title}\n\n{text}")
    if "--figure" in sys.argv[1:]:
        figure(curves)
        print(f"\n{FIGURE.relative_to(REPO)} is written.")


if __name__ == "__main__":
    main()
