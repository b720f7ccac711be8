"""Marker rates of correct and incorrect responses, pooled and within question."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.analyses import _responses as responses
from itc.analyses._contrast import COLUMNS, contrast
from itc.features._lexicon import lexicon_hash, load
from itc.features.markers import REGIONS, halves, left_out, subcategories
from itc.schemas import INT, STRING, Schema, register

TITLE = "Linguistic markers of correct and incorrect responses"
INPUTS = ("outcomes",)
UNIT = "model"

KEY = {
    "model": STRING,
    "dataset": STRING,  # "all": every dataset of the model together
    "subset": STRING,  # see _responses.SUBSETS
    "category": STRING,  # a lexicon, lexicon_category, or a variant: _odd, _even, _without_M
    "region": STRING,  # whole | thinking | answer
    "statistic": STRING,  # per_1000_words | per_1000_tokens | distinct | diversity
}
SCHEMA = register(
    Schema(
        "markers",
        1,
        {**KEY, "lexicon_sha256": STRING, "n_undecided": INT, **COLUMNS},
        tuple(KEY),
    )
)
TOGETHER = 16  # measures at a time: all at once would be a table larger than its source
STATISTICS = ("per_1000_words", "per_1000_tokens", "distinct", "diversity")


def measures(available: set[str]) -> dict[str, tuple[str, str, str]]:
    """Feature column -> (category, region, statistic), of the columns that are available."""
    found = {}
    for lexicon in load():
        for region, suffix in REGIONS.items():
            for statistic in STATISTICS:
                column = f"f_{lexicon.name}_{statistic}{suffix}"
                found[column] = (lexicon.name, region, statistic)
        for category in (*subcategories(lexicon), *halves(lexicon), *left_out(lexicon)):
            name = f"{lexicon.name}_{category}"
            found[f"f_{name}_per_1000_words"] = (name, "whole", "per_1000_words")
    return {column: identity for column, identity in found.items() if column in available}


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``markers``; empty where outcomes hold no marker features. Units: hits per 1,000."""
    frame = responses.decided(inputs.pop("outcomes"), settings)
    chosen = measures({c for c in frame if frame[c].notna().any()})
    names = list(chosen)
    if not names:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    identity = pd.DataFrame(list(chosen.values()), columns=["category", "region", "statistic"])
    blocks = []
    for subset, part in responses.subsets(frame):
        for model, dataset, rows in responses.cells(part):
            right, problem = rows["right"].to_numpy(), pd.factorize(rows["problem"])[0]
            found = [
                contrast(rows[columns].to_numpy(float), right, problem)
                for columns in (names[at : at + TOGETHER] for at in range(0, len(names), TOGETHER))
            ]
            block = pd.concat([identity, pd.concat(found, ignore_index=True)], axis=1)
            block = block.assign(model=model, dataset=dataset, subset=subset)
            block["n_undecided"] = responses.n_undecided(rows)
            blocks.append(block[block["n_responses"] > 0])
    if not blocks:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(blocks, ignore_index=True).assign(lexicon_sha256=lexicon_hash())
