"""Regressions of correctness on length and markers: pooled, within question, and checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from itc.analyses import _responses as responses
from itc.features._lexicon import lexicon_hash
from itc.regression.design import make_design
from itc.regression.fit import COLUMNS, OK
from itc.regression.methods import METHODS, run
from itc.schemas import FLOAT, INT, STRING, Schema, register

TITLE = "Regression of correctness on features"
INPUTS = ("outcomes",)
UNIT = "model"
JOB_PER = "model"  # minutes each at 256 draws

KEY = {
    "model": STRING,
    "dataset": STRING,
    "subset": STRING,
    "specification": STRING,  # length | markers | markers_length | single
    "method": STRING,  # see regression/methods.py
    "component": STRING,  # total | within | between
    "term": STRING,  # feature column
}
SCHEMA = register(
    Schema(
        "regression",
        1,
        {
            **KEY,
            "lexicon_sha256": STRING,
            "n_undecided": INT,
            **COLUMNS,
            "p_adjusted": FLOAT,  # Benjamini-Hochberg over `family`
            "family": STRING,
        },
        tuple(KEY),
    )
)
ADDED = ("lexicon_sha256", "p_adjusted", "family")  # after all fits
SUBSETS = ("decided", "uncut", "exchangeable")
LENGTHS = ("f_log_tokens", "f_log_words")  # tokens where they were counted
MARKERS = (
    "f_hedging_per_1000_words",
    "f_thinking_per_1000_words",
    "f_discourse_per_1000_words",
)


def length_feature(frame: pd.DataFrame) -> str:
    """Log of the best known length: tokens where counted, else words."""
    tokens, words = LENGTHS
    return tokens if tokens in frame and frame[tokens].notna().any() else words


def specifications(frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Specification -> features."""
    length = length_feature(frame)
    return {"length": (length,), "markers": MARKERS, "markers_length": (*MARKERS, length)}


def whole(columns: Iterable[str]) -> list[str]:
    """Features of the whole response that are no plain count of hits, nor a lexicon without some
    marker (table ``marker_sensitivity``).
    """
    return [
        c
        for c in sorted(c for c in columns if c.startswith("f_"))
        if not c.endswith(("_count", "_in_thinking", "_in_answer", "_per_1000_tokens"))
        and "_without_" not in c
    ]


def singles(frame: pd.DataFrame) -> list[str]:
    """Features for one-feature fits: those of the whole response that some response has."""
    return [c for c in whole(frame) if frame[c].notna().any()]


def adjust(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``family`` and ``p_adjusted``: Benjamini-Hochberg within method, specification, subset,
    component, and apart for single datasets and for all together; failed fits take no part.
    """
    scope = np.where(table["dataset"] == responses.ALL, "all datasets", "each dataset")
    parts = [table[c] for c in ("method", "specification", "subset", "component")]
    table["family"] = parts[0].str.cat(parts[1:], sep="/") + "/" + scope
    table["p_adjusted"] = np.nan
    usable = (table["status"] == OK) & table["p"].notna()
    for _, rows in table[usable].groupby("family"):
        table.loc[rows.index, "p_adjusted"] = multipletests(rows["p"], method="fdr_bh")[1]
    return table


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> list[str]:
    """Columns of ``outcomes`` that the fits and the subsets need."""
    return list(dict.fromkeys([*responses.COLUMNS, *responses.JUDGED, *whole(available)]))


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``regression`` without ``p_adjusted``, which needs all models: see ``finish``.

    Coefficients are per standard deviation within model, dataset, subset.
    """
    frame = responses.decided(inputs.pop("outcomes"), settings)
    records = []
    # every feature is looked at among all decided responses; the other subsets need a few
    needed = {*MARKERS, *LENGTHS, *responses.COLUMNS}
    slim = frame[[c for c in frame if not c.startswith("f_") or c in needed]]
    for subset, part in responses.subsets(slim):
        if subset not in SUBSETS:
            continue
        part = frame if subset == "decided" else part
        for model, dataset, rows in responses.cells(part):
            # the mixed model is a check of the others and costs most
            methods = tuple(m for m in METHODS if m != "mixed" or subset == "decided")
            chosen = [(name, fs, methods) for name, fs in specifications(rows).items()]
            if subset == "decided":
                chosen += [("single", (f,), ("pooled", "within")) for f in singles(rows)]
            cell: dict[str, Any] = {"model": model, "dataset": dataset, "subset": subset}
            cell["n_undecided"] = responses.n_undecided(rows)
            for name, features, fitted in chosen:
                design = make_design(rows, features)
                for method in fitted:
                    fit = cell | {"specification": name, "method": method}
                    records += [fit | record for record in run(method, design, features)]
    if not records:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    table = pd.DataFrame(records, columns=[c for c in SCHEMA.columns if c not in ADDED])
    return table.assign(lexicon_sha256=lexicon_hash())


def finish(table: pd.DataFrame) -> pd.DataFrame:
    """Table ``regression`` of all models with p-values adjusted over them."""
    return adjust(table) if len(table) else table
