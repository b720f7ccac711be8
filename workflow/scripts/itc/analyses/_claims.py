"""Assess the claims a study chose; shared by the tables of verdicts and of their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pandas as pd

from itc import registry
from itc.analyses._points import strategy_titles
from itc.analyses._responses import COLUMNS
from itc.claims import _settings
from itc.claims._accuracy import HELD, SAMPLES, TOKENS
from itc.claims._evaluations import Evaluations
from itc.claims._together import Whole, jointly, whole
from itc.claims._verdict import Verdict


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the chosen claims read: shared ones and their FEATURES."""
    chosen = settings.get("claims")
    names = registry.names("claims") if chosen is None else chosen
    features = {f for name in names for f in registry.constants("claims", name).get("FEATURES", ())}
    return (*COLUMNS, *sorted(features - set(COLUMNS)))


@dataclass(frozen=True)
class Assessed:
    """One claim: its name and module, its parts decided together, and the claim as one."""

    name: str
    module: ModuleType
    parts: tuple[Verdict, ...]
    whole: Whole
    statement: str
    tested: str


def assessed(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> Iterator[Assessed]:
    """Every chosen claim with its parts.

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
        parts = tuple(jointly(module.assess(tables, settings, about[name])))
        yield Assessed(
            name,
            module,
            parts,
            whole(parts, module.OVER),
            stated(module.STATEMENT, parts),
            tested(parts, settings),
        )


def stated(statement: str, parts: Sequence[Verdict]) -> str:
    """The statement with what was really held equal: samples where no tokens are recorded."""
    held = {u.held for p in parts if p.primary for u in p.units} - {""}
    usual = HELD[TOKENS]
    if held in (set(), {usual}) or usual not in statement:
        return statement
    words = SAMPLES if held == {SAMPLES} else f"{usual}, or {SAMPLES} where no tokens are recorded,"
    return statement.replace(f"equal {usual}", f"equal {words}").replace(",.", ".")


def tested(parts: Sequence[Verdict], settings: Mapping[str, Any]) -> str:
    """What stood against the claim, where its parts are strategies: number and names."""
    known = registry.names("strategies")
    options = settings.get("strategy_options", {})
    names = [p.part.split(", ")[0] for p in parts if p.units and p.primary]
    if not names or any(registry.strategy(n, options)[0] not in known for n in names):
        return ""
    titles = strategy_titles(pd.Series(names), settings).tolist()
    return f"{len(names)} {'strategy' if len(names) == 1 else 'strategies'}: {', '.join(titles)}"
