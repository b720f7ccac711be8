"""How sound the recorded responses are, before anything is concluded from them."""

from __future__ import annotations

import json

import pandas as pd

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Data quality"
ORDER = 90
TABLES = ("quality", "grader_error", "exchangeability", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("procedure", "procedure", choose=True),
    Column("n_problems", "problems", "integer"),
    Column("n_responses", "responses", "integer"),
    Column("draws_min", "draws, fewest", "integer", "responses to one problem"),
    Column("draws_max", "most", "integer", "responses to one problem"),
    Column("right", "right", "percent"),
    Column("undecided", "undecided", "percent", "the grader could not decide"),
    Column("unparsed", "no answer", "percent", "no answer was found in the text"),
    Column("read", "read", "percent", "judgements with a score, selections with a choice"),
    Column("cut", "cut", "percent", "ended at the token cap, of those where that is known"),
    Column("identical", "identical", "percent", "equal to another response to the problem"),
    Column("accuracy_drift_p", "drift of accuracy", "p", "Cochran's Q over draw indices, p"),
    Column("length_drift_p", "drift of length", "p", "Friedman test over draw indices, p"),
    Column("grader_agreement", "agrees with source", "percent", "where both graders decided"),
    Column("grader_compared", "compared", "integer"),
    Column("output_tokens", "output tokens", "tokens", "sum over responses"),
]
INDEX_COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("measure", "measure", choose=True, help="share right, or output tokens (else words)"),
    Column("draw", "draw index", "integer"),
    Column("settings", "settings of this index", help="settings that differ by index"),
    Column("n_problems", "problems", "integer", "that have this draw and another one"),
    Column("value", "at this index", "number", "mean over problems"),
    Column("others", "other indices", "number", "mean of the same problems' other draws"),
    Column("z", "z", "signed", "stratified by problem; of ranks within the problem for lengths"),
    Column("p_holm", "p (Holm)", "p", "over all indices and both measures of the model"),
    Column("overall_p", "all indices", "p", "Cochran's Q, or Friedman's test for lengths"),
]
SECOND_COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("procedure", "procedure", choose=True),
    Column("n_second", "second grades", "integer", "responses that were also graded elsewhere"),
    Column("n_false_right", "false right", "integer", "right here, wrong by the second grade"),
    Column("n_false_wrong", "false wrong", "integer", "right by the second grade alone"),
    Column("false_right", "false right", "percent", "of the truly wrong responses"),
    Column("false_right_low", "low", "percent", "95 % interval, clustered by problem"),
    Column("false_right_high", "high", "percent", "95 % interval, clustered by problem"),
    Column("false_wrong", "false wrong", "percent", "of the truly right responses"),
    Column("false_wrong_low", "low", "percent", "95 % interval, clustered by problem"),
    Column("false_wrong_high", "high", "percent", "95 % interval, clustered by problem"),
    Column("accuracy", "accuracy", "percent", "of one response, as graded here"),
    Column("corrected", "corrected", "percent", "for both rates, the second grade taken as truth"),
    Column("corrected_low", "low", "percent", "95 % interval for the problems meant"),
    Column("corrected_high", "high", "percent", "95 % interval for the problems meant"),
]
SHOWN = 4  # values of a setting that a sentence names
DRIFT = 0.001  # below this p the draws of a problem are taken to differ by their index
CUT = 0.05
NOTABLE = 0.05  # share of undecided or identical responses, or of grades that differ
READABLE = 0.9  # share of judgements that should give a score
COMPARED = 20  # fewer common grades say little
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
    mixed = quality[quality.get("n_platforms", pd.Series(0, quality.index)).fillna(0) > 1]
    if len(mixed):
        names = ", ".join(dict.fromkeys(context.model(m).text for m in mixed["model"]))
        notes.append(
            Note(
                f"Draws of {names} were made by different engines or devices and are pooled, as "
                "the configuration allows: look at their reproducibility.",
                "warning",
            )
        )
    notes += [*_unread(context, quality), *_shares(context, quality), *_settings(context)]
    alone = [c for c in ("dataset", "procedure") if quality[c].nunique() == 1]
    columns = [column for column in COLUMNS if column.key not in alone]
    table = TableBlock.of(
        "quality",
        "Responses on record",
        context.named(quality.sort_values(["procedure", "dataset", "model"])),
        columns,
    )
    tables = [table, *_second_grades(context), *_indices(context)]
    return Blocks((*notes, *context.drawings("quality"), *tables))


def _unread(context: Context, quality: pd.DataFrame) -> list[Note]:
    """Warnings for judges and selectors whose replies give no score or choice."""
    read = quality.reindex(columns=["read"])["read"].astype(float)
    notes = []
    for found, words in (
        (read == 0, "None of the judgements or selections could be read"),
        ((read > 0) & (read < READABLE), "Many judgements or selections could not be read"),
    ):
        names = [
            f"{row.model} ({row.procedure} on {row.dataset})"
            for row in context.named(quality[found]).itertuples()
        ]
        if names:
            notes.append(
                Note(
                    f"{words}: {', '.join(dict.fromkeys(map(str, names)))}. Strategies that use "
                    "them have nothing to go by there.",
                    "warning",
                )
            )
    return notes


def _second_grades(context: Context) -> list[TableBlock]:
    """False grades by a recording's own grades or an audit, and the corrected accuracy."""
    rows = context.table("grader_error", "n_second", "false_right", "false_wrong", "corrected")
    if rows is None:
        return []
    note = (
        "Where a response has a second grade, that grade is taken as the truth; an undecided "
        "response counts as graded wrong. The corrected accuracy is (accuracy minus false right) "
        "over (one minus both rates). Where the second grade errs, so does the correction."
    )
    shown = context.named(in_order(rows))
    title = "Second grades and the accuracy corrected for them"
    return [TableBlock.of("second-grades", title, shown, SECOND_COLUMNS, note=note, page=8)]


def _shares(context: Context, quality: pd.DataFrame) -> list[Note]:
    """Warnings for models whose responses could not be graded, repeat, or are graded otherwise."""
    known = quality.reindex(columns=["undecided", "identical", "grader_agreement"]).astype(float)
    compared = quality.reindex(columns=["grader_compared"]).fillna(0)["grader_compared"]
    remarks = {
        "Many responses could not be graded here, for want of text or for other causes": (
            known["undecided"] > NOTABLE
        ),
        "Many responses equal another one to the same problem in every number": (
            known["identical"] > NOTABLE
        ),
        "The recording's own grades often differ from ours": (
            (known["grader_agreement"] < 1 - NOTABLE) & (compared >= COMPARED)
        ),
    }
    notes = []
    for remark, found in remarks.items():
        names = dict.fromkeys(context.model(m).text for m in quality.loc[found, "model"])
        if names:
            notes.append(Note(f"{remark}: {', '.join(names)}.", "warning"))
    return notes


def _settings(context: Context) -> list[Note]:
    """A warning for each setting that differs between draws of a problem, and whose it is."""
    rows = context.table("exchangeability", "model", "draw", "settings")
    if rows is None:
        return []
    found: dict[str, tuple[list[str], list[str]]] = {}  # setting -> values, models
    for row in rows.dropna(subset="settings").itertuples():
        for key, value in json.loads(str(row.settings)).items():
            values, models = found.setdefault(key, ([], []))
            values.append(value)
            models.append(context.model(str(row.model)).text)
    notes = []
    for key, (values, models) in sorted(found.items()):
        distinct = list(dict.fromkeys(values))
        named = ", ".join(f"“{value}”" for value in distinct[:SHOWN])
        more = f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else ""
        notes.append(
            Note(
                f"The setting “{key}” differs between the draws of one problem ({named}{more}) "
                f"for {', '.join(dict.fromkeys(models))}.",
                "warning",
            )
        )
    return notes


def _indices(context: Context) -> list[TableBlock]:
    """Draw indices that differ from their siblings, beyond chance."""
    rows = context.table("exchangeability", "model", "draw", "measure", "flagged", "settings")
    if rows is None:
        return []
    flagged = rows[rows["flagged"].fillna(False).astype(bool)]
    if flagged.empty:
        return []
    shown = context.named(in_order(flagged, measure=("accuracy", "length")))
    shown["settings"] = [_readable(text) for text in shown["settings"]]
    note = (
        "Each index is compared with the other draws of the same problems; under exchangeability "
        "every index holds any of a problem's values with equal chance. `exclude` of an import "
        "leaves rows out by such a condition."
    )
    title = "Draw indices that differ from the others"
    return [TableBlock.of("exchangeability", title, shown, INDEX_COLUMNS, note=note)]


def _readable(settings: object) -> str:
    if settings is None or pd.isna(settings):
        return ""
    return "; ".join(f"{key}: {value}" for key, value in json.loads(str(settings)).items())
