"""The models of the study: what figures and sections need to name them and tell them apart."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc import schemas

TITLE = "Models"
INPUTS = ()

schemas.register(
    schemas.Schema(
        "models",
        1,
        {
            "model": schemas.STRING,
            "title": schemas.STRING,
            "reasoning": schemas.BOOL,
            "parameters": schemas.FLOAT,  # active, in billions
            "effort_of": schemas.STRING,  # family whose levels a figure joins, or null
            "effort": schemas.STRING,  # level within it, or null
        },
        ("model",),
        ("title", "reasoning"),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """One row per model of ``settings["models"]``; reads no table."""
    return pd.DataFrame(
        [
            {
                "model": name,
                "title": entry["title"],
                "reasoning": entry["reasoning"],
                "parameters": entry["parameters"],
                "effort_of": entry.get("effort_of"),
                "effort": None if entry.get("effort") is None else str(entry["effort"]),
            }
            for name, entry in settings["models"].items()
        ]
    )
