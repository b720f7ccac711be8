"""Assess the claims a study chose; shared by the tables of verdicts and of their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import pandas as pd

from itc import registry
from itc.analyses._responses import COLUMNS
from itc.claims import _settings
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the chosen claims read: shared ones and their FEATURES."""
    chosen = settings.get("claims")
    names = registry.names("claims") if chosen is None else chosen
    features = {f for name in names for f in registry.constants("claims", name).get("FEATURES", ())}
    return (*COLUMNS, *sorted(features - set(COLUMNS)))


def assessed(
    inputs: dict[str, pd.DataFrame], settings: dict[str, Any]
) -> Iterator[tuple[str, ModuleType, Verdict]]:
    """(claim, its module, verdict) of every part of every chosen claim.

    ``settings["claims"]`` names the claims (default: all of them); ``settings["claim_settings"]``
    gives measures and smallest effects (default: config/claims.yaml).
    """
    chosen = settings.get("claims")
    about = settings.get("claim_settings") or _settings.load()
    tables: dict[str, Any] = dict(inputs)
    if "evaluations" in tables:  # looked up once for all claims
        tables["evaluations"] = Evaluations(tables["evaluations"], settings)
    for name in registry.names("claims") if chosen is None else chosen:
        module = registry.load("claims", name)
        for verdict in module.assess(tables, settings, about[name]):
            yield name, module, verdict
