"""How far texts, lengths and accuracy move when the same requests are sampled in other settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from itc import schemas
from itc.generation_probe import SCHEMA

TITLE = "Reproducibility of sampling"
# Files of the probe that exist: `snakemake reproducibility_probe` makes them, nothing else does.
INPUTS = ("probes",)

schemas.register(replace(SCHEMA, name="reproducibility"))


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """All models' probes in the order of the study; empty where nobody asked for one."""
    found = inputs.get("probes")
    if found is None or found.empty:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    order = {model: place for place, model in enumerate(settings["models"])}
    return found.sort_values(
        "model", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )
