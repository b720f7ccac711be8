"""How sound the recorded responses are, before anything is concluded from them."""

from __future__ import annotations

from itc.report.context import Context
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Data quality"
ORDER = 90
TABLES = ("quality", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("procedure", "procedure", choose=True),
    Column("n_problems", "problems", "integer"),
    Column("n_responses", "responses", "integer"),
    Column("draws_min", "fewest per problem", "integer"),
    Column("draws_max", "most per problem", "integer"),
    Column("right", "right", "percent"),
    Column("undecided", "undecided", "percent", "the grader could not decide"),
    Column("unparsed", "no answer", "percent", "no answer was found in the text"),
    Column("cut", "cut", "percent", "ended at the token cap, of those where that is known"),
    Column("identical", "identical", "percent", "equal to another response to the problem"),
    Column("accuracy_drift_p", "drift of accuracy", "p", "Cochran's Q over draw indices, p"),
    Column("length_drift_p", "drift of length", "p", "Friedman test over draw indices, p"),
    Column("grader_agreement", "agrees with source", "percent", "where both graders decided"),
    Column("grader_compared", "compared", "integer"),
    Column("output_tokens", "output tokens", "tokens", "sum over responses"),
]
DRIFT = 0.001  # below this p the draws of a problem are taken to differ by their index
CUT = 0.05
UNEVEN = "Some problems have fewer draws than others; estimators refuse such cells."


def build(context: Context) -> Blocks | None:
    """Remarks on what a reader must know first, then the table."""
    quality = context.table("quality", "dataset", "model", "procedure", "n_responses")
    if quality is None:
        return None
    notes = []
    if (quality["draws_min"] < quality["draws_max"]).any():
        notes.append(Note(UNEVEN, "warning"))
    drifting = quality[(quality[["accuracy_drift_p", "length_drift_p"]] < DRIFT).any(axis=1)]
    if len(drifting):
        names = ", ".join(dict.fromkeys(context.model(m).text for m in drifting["model"]))
        notes.append(
            Note(
                f"Draws are not exchangeable: accuracy or length depends on the draw index for "
                f"{names}. Subsets of draws then mix different conditions.",
                "warning",
            )
        )
    if (quality["cut"] > CUT).any():
        names = ", ".join(
            dict.fromkeys(context.model(m).text for m in quality.loc[quality["cut"] > CUT, "model"])
        )
        notes.append(
            Note(
                f"Many responses of {names} end at the token cap: censored, not known to be wrong.",
                "warning",
            )
        )
    table = TableBlock.of(
        "quality",
        "Responses on record",
        context.named(quality.sort_values(["procedure", "dataset", "model"])),
        COLUMNS,
    )
    return Blocks((*notes, *context.drawings("quality"), table))
