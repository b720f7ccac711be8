"""How much the association of markers with correctness depends on the list of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register

TITLE = "Sensitivity to the lexicon"
INPUTS = ("markers",)

KEY = {
    "model": STRING,
    "dataset": STRING,
    "subset": STRING,
    "construct": STRING,  # hedging | thinking | discourse
    "variant": STRING,  # category of table ``markers``
}
SCHEMA = register(
    Schema(
        "marker_sensitivity",
        2,
        {
            **KEY,
            "lexicon_sha256": STRING,
            "kind": STRING,  # whole | category | half | without a marker | published
            "reference": BOOL,  # our whole lexicon, which the others are compared with
            "n_problems_both": INT,
            "incorrect_mean": FLOAT,  # hits per 1,000 words
            "pooled_relative": FLOAT,  # (correct - incorrect) / incorrect
            "pooled_t": FLOAT,  # difference over its s.e.
            "within_relative": FLOAT,
            "within_t": FLOAT,
            "pooled_sign_agrees": BOOL,  # same sign as the reference; null where one is unknown
            "within_sign_agrees": BOOL,
        },
        tuple(KEY),
    )
)
PUBLISHED = {"hedging": "hedging_lexical_hints", "thinking": "backtracking_short_m_at_k"}


def variants(categories: set[str]) -> dict[str, list[str]]:
    """Construct -> its variants among ``categories``: ours, our parts, halves and leave-one-out
    lists, published ones.
    """
    found = {}
    for construct in ("hedging", "thinking", "discourse"):
        published = PUBLISHED.get(construct)
        others = set(PUBLISHED.values()) - {published}
        found[construct] = sorted(
            c
            for c in categories
            if (c in (construct, published) or c.startswith(f"{construct}_"))
            and not any(c.startswith(other) for other in others)
        )
    return found


def kind_of(construct: str, variant: str) -> str:
    """What sort of list a variant of ``construct`` is."""
    if variant == construct:
        return "whole"
    if variant == PUBLISHED.get(construct) or variant.startswith(f"{PUBLISHED.get(construct)}_"):
        return "published"
    rest = variant.removeprefix(f"{construct}_")
    if rest.startswith("without_"):
        return "without a marker"
    return "half" if rest in ("odd", "even") else "category"


def _agrees(values: pd.Series, reference: pd.Series) -> pd.Series:
    signs = np.sign(values) == np.sign(reference)
    return signs.astype("boolean").mask(values.isna() | reference.isna())


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``marker_sensitivity``: whole responses, hits per 1,000 words."""
    table = inputs["markers"]
    table = table[(table["region"] == "whole") & (table["statistic"] == "per_1000_words")]
    blocks = []
    for construct, names in variants(set(table["category"])).items():
        rows = table[table["category"].isin(names)].copy()
        cell = ["model", "dataset", "subset"]
        reference = rows[rows["category"] == construct].set_index(cell)
        rows["construct"], rows["variant"] = construct, rows["category"]
        rows["reference"] = rows["category"] == construct
        rows["kind"] = [kind_of(construct, name) for name in rows["category"]]
        index = pd.MultiIndex.from_frame(rows[cell])
        for kind in ("pooled", "within"):
            difference = rows[f"{kind}_difference"]
            with np.errstate(divide="ignore", invalid="ignore"):
                relative = difference / rows["incorrect_mean"].where(rows["incorrect_mean"] > 0)
                t = difference / rows[f"{kind}_se"].where(rows[f"{kind}_se"] > 0)
            rows[f"{kind}_relative"], rows[f"{kind}_t"] = relative, t
            ours = reference[f"{kind}_difference"].reindex(index)
            rows[f"{kind}_sign_agrees"] = _agrees(
                difference, pd.Series(ours.to_numpy(), rows.index)
            )
        blocks.append(rows)
    if not blocks:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(blocks, ignore_index=True)[list(SCHEMA.columns)]
