"""How the answers were found in the replies, and how often nothing but a guess at them was left."""

from __future__ import annotations

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "How answers were found"
ORDER = 88
TABLES = ("extraction", "models", "dataset_cards")

FALLBACK, NONE = "fallback", "none"
NOTABLE = 0.1  # share of answers that only the fall-back read, from which the page's top says so
WAYS = {
    "boxed": "box",
    "phrase": "announced",
    "tag": "answer tag",
    "json": "JSON",
    "thinking": "box in the thinking",
    FALLBACK: "fall-back",
    "source": "given by the source",
    NONE: "no answer",
}
COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("procedure", "procedure", choose=True),
    Column("how", "found by", choose=True),
    Column("share", "share", "percent", "of the replies of this dataset, model and procedure"),
    Column("right", "right", "percent", "of these replies; undecided ones are not right"),
    Column("undecided", "undecided", "percent", "of these replies"),
    Column("n_responses", "replies", "integer"),
]
NOTE = (
    "A reply gives its answer in a box, after an announcement (“The answer is”, “Answer:”), in a "
    "tag or in JSON. Where none of these is there, the fall-back takes the last number, formula or "
    "letter near the end. The explorer of each dataset holds up to 20 replies that only the "
    "fall-back could read, with the part that was taken marked."
)


def build(context: Context) -> Blocks | None:
    """The table, and a warning for models whose answers are mostly guesses at an answer."""
    table = context.table("extraction", "dataset", "model", "procedure", "how", "share")
    if table is None or table.empty:
        return None
    ordered = in_order(table, how=tuple(WAYS))
    ordered = ordered.sort_values(["procedure", "dataset", "model"], kind="stable")
    shown = ordered.assign(how=ordered["how"].map(lambda how: WAYS.get(how, how)))
    block = TableBlock.of(
        "extraction", "Ways to an answer", context.named(shown), COLUMNS, note=NOTE, page=12
    )
    sentence = warning(context)
    return Blocks((*([Note(sentence, "warning")] if sentence else []), block))


def warning(context: Context) -> str:
    """One sentence on models and datasets of which the fall-back read over a tenth; else empty.

    Independent samples count, whose prompts ask for a format.
    """
    table = context.table("extraction", "dataset", "model", "how", "share", "independent")
    if table is None or table.empty:
        return ""
    guessed = (table["how"] == FALLBACK) & (table["share"] > NOTABLE)
    rows = table[guessed & table["independent"].astype(bool)]
    if rows.empty:
        return ""
    worst = rows.sort_values("share", ascending=False).drop_duplicates(["dataset", "model"])
    named = [
        f"{context.model(row.model).text} on {context.dataset(row.dataset).text} "
        f"({100 * row.share:.0f} %)"
        for row in worst.head(4).itertuples()
    ]
    more = f" and {len(worst) - 4} more" if len(worst) > 4 else ""
    return (
        "Many answers were not given in any format that a grader knows, and only the fall-back "
        f"read them: {', '.join(named)}{more}. Read a sample in the explorer before trusting "
        "these accuracies."
    )
