"""Marker rates of correct and incorrect responses, pooled and within question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
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


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> list[str]:
    """Columns of ``outcomes`` that hold markers, and those that the subsets need."""
    return list(dict.fromkeys([*responses.COLUMNS, *measures(set(available))]))


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``markers``; empty where outcomes hold no marker features. Units: hits per 1,000."""
    frame = responses.decided(inputs.pop("outcomes"), settings)
    chosen = measures({c for c in frame if frame[c].notna().any()})
    shared = [c for c in frame if not c.startswith("f_") or c in responses.COLUMNS]
    blocks = []
    for names in batched(chosen, TOGETHER):
        identity = pd.DataFrame(
            [chosen[name] for name in names], columns=["category", "region", "statistic"]
        )
        for subset, part in responses.subsets(frame[list(dict.fromkeys([*shared, *names]))]):
            for model, dataset, rows in responses.cells(part):
                values = rows[list(names)].to_numpy(float)
                problem = pd.factorize(rows["problem"])[0]
                block = contrast(values, rows["right"].to_numpy(), problem)
                block = pd.concat([identity, block], axis=1)
                block = block.assign(model=model, dataset=dataset, subset=subset)
                block["n_undecided"] = responses.n_undecided(rows)
                blocks.append(block[block["n_responses"] > 0])
    if not blocks:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(blocks, ignore_index=True).assign(lexicon_sha256=lexicon_hash())


def batched(names: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """``names`` in tuples of at most ``size`` (``itertools.batched`` needs Python 3.12)."""
    rest = iter(names)
    while batch := tuple(islice(rest, size)):
        yield batch
