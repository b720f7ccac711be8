"""Contract of a strategy: from one Pool of recorded draws to one Estimate per problem and budget.

A strategy module holds the literals ``TITLE, DESCRIPTION, CITATION, PROCEDURE, NEEDS, EXACT,
UPPER_BOUND`` and ``evaluate(pool, budgets, **params) -> Estimate``. Optional literals: ``POOL``,
the procedure entry whose draws form the pool where that is not PROCEDURE; ``RELATED``, parameter
name -> default procedure entry whose rows it also reads; ``PER_DRAW``, whether those rows belong to
single draws of the pool, so that only draws that have them take part (a study may judge or revise
its first draws alone); ``LEARNS``, True where the result for one problem depends on the others;
``FEATURES``, names of the columns ``f_...`` it reads beside NEEDS: the job reads no other ones;
``CONTROL``, True where it is no way to be right more often but a control or another measure
(the worst of n, abstaining): nobody's rival in a comparison, and never shown as the best;
``SCOPE``, ``"model"`` or ``"dataset"`` for strategies that mix models,
whose ``evaluate(pools, budgets, **params)`` returns a list of (label of the model mix, pool that
names the problems, Estimate).

An EXACT strategy of plain samples, neither learning nor related, is also evaluated on two halves of
the draws (``_halves``), at budgets up to half of them, for the noise of the draws.

Why a strategy has no value for a model or budget is part of the result: ``evaluate_with_reasons``
returns it beside the values, and the analysis table ``unavailable`` derives it for the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from itc import registry, schemas
from itc.grading._base import RIGHT, UNDECIDED, WRONG
from itc.strategies import _halves, _undecided
from itc.strategies._pool import Pool, Unavailable, build_pools

__all__ = [
    "Estimate",
    "Pool",
    "Unavailable",
    "evaluate_pools",
    "evaluate_strategy",
    "evaluate_with_reasons",
    "usable_budgets",
]


@dataclass
class Estimate:
    """Expected results of one strategy on one pool; every array is float [P, B].

    ``correct`` counts undecided answers as wrong, ``upper`` as right; ``costs`` are expectations
    per problem (names in itc.costs.columns), ``metrics`` further per-problem expectations
    (``metric_...``). ``budgets`` [B] are the budgets evaluated.
    """

    budgets: Sequence[int]
    correct: np.ndarray
    upper: np.ndarray
    costs: dict[str, np.ndarray] = field(default_factory=dict)
    monte_carlo_se: np.ndarray | None = None
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    cost_se: np.ndarray | None = None  # Monte Carlo error of cost_output_tokens; None: exact


def constants(name: str) -> dict[str, Any]:
    """Literals of strategy ``name`` with the defaults of the optional ones."""
    literals = registry.constants("strategies", name)
    optional = {
        "RELATED": {},
        "PER_DRAW": False,
        "LEARNS": False,
        "CONTROL": False,
        "SCOPE": "model",
        "NEEDS": (),
        "FEATURES": (),
        "POOL": literals["PROCEDURE"],
    }
    return optional | literals


def outcome_columns(name: str) -> list[str]:
    """Columns of table ``outcomes`` that strategy ``name`` may read: of features its own alone.

    A study holds over a hundred features of every response, and a strategy reads a few of them.
    Parents, which are lists, are read only for procedures that have some.
    """
    about = constants(name)
    plain = list(schemas.SCHEMAS["outcomes"].columns)
    if about["PROCEDURE"] == about["POOL"] == "sample" and not about["RELATED"]:
        plain.remove("parents")
    return [*plain, *sorted(_features(about))]


def _features(about: dict[str, Any]) -> set[str]:
    named = (*about["NEEDS"], *about["FEATURES"], "f_bytes")  # bytes are a cost
    return {column for column in named if column.startswith("f_")}


def usable_budgets(budgets: Sequence[int], n_draws: Sequence[int]) -> tuple[list[int], str]:
    """Budgets that every problem can serve, and the reason why larger ones are left out."""
    wanted, least = sorted(set(int(b) for b in budgets)), int(min(n_draws))
    usable = [b for b in wanted if 1 <= b <= least]
    short = sum(1 for n in n_draws if n == least)
    reason = (
        f"{short} of {len(n_draws)} problems have only {least} draws; a larger budget is not "
        "estimated from fewer draws"
    )
    return usable, reason


def evaluate_pools(
    name: str, pools: Sequence[Pool], budgets: Sequence[int], params: dict[str, Any], label: str
) -> tuple[list[pd.DataFrame], list[dict[str, Any]]]:
    """Evaluate one strategy on the pools of one model (or of all models, scope ``dataset``)."""
    about, module = constants(name), registry.load("strategies", name)
    frames: list[pd.DataFrame] = []
    reasons: list[dict[str, Any]] = []
    by_model: dict[str, list[Pool]] = {}
    for pool in pools:
        try:
            own = pool.with_draws_of(related_entries(about, params)) if about["PER_DRAW"] else pool
        except Unavailable as error:
            reasons.append({"model": pool.model, "budget": 0, "reason": str(error)})
            continue
        by_model.setdefault(pool.model, []).append(own)
    usable = {}
    for model, group in by_model.items():
        counts = [pool.n_draws for pool in group for _ in pool.problem_ids]
        usable[model], why = usable_budgets(budgets, counts)
        for budget in sorted(set(map(int, budgets)) - set(usable[model])):
            reasons.append({"model": model, "budget": budget, "reason": why})
    if about["SCOPE"] == "dataset":
        try:
            results = module.evaluate(list(pools), budgets, **params)
            frames += [_to_frame(p, e, label, model, None) for model, p, e in results]
        except Unavailable as error:
            reasons.append({"model": "all", "budget": 0, "reason": str(error)})
        return frames, reasons
    for model, group in by_model.items():
        try:
            if not usable[model]:
                raise Unavailable("no budget of the study is within the recorded draws")
            for pool in group:
                pool.require(about["NEEDS"])
            done = [module.evaluate(pool, usable[model], **params) for pool in group]
            halves = [
                _halves.values(module.evaluate, pool, e.budgets, params, about)
                for pool, e in zip(group, done, strict=True)
            ]
            frames += [
                _to_frame(p, e, label, model, h)
                for p, e, h in zip(group, done, halves, strict=True)
            ]
        except Unavailable as error:
            reasons.append({"model": model, "budget": 0, "reason": str(error)})
    return frames, reasons


def related_entries(about: dict[str, Any], params: dict[str, Any]) -> list[str]:
    """Procedure entries beside the pool's that a strategy reads with these parameters."""
    return [params.get(key, default) for key, default in about["RELATED"].items()]


def evaluate_with_reasons(
    name: str,
    outcomes: pd.DataFrame,
    budgets: Sequence[int],
    params: dict[str, Any] | None = None,
    seed: int = 0,
    label: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values (table ``evaluations``) and reasons (model, budget, reason) of one strategy.

    ``outcomes``: table ``outcomes`` of one dataset, several models. ``label`` is the name in the
    table (the config entry), by default the module's. Budget 0 in a reason means all budgets.
    """
    params = dict(params or {})
    about = constants(name)
    procedure = params.pop("procedure", about["POOL"])
    reasons = [
        {"model": model, "budget": 0, "reason": f"no responses of procedure {procedure!r}"}
        for model in sorted(
            set(outcomes["model"].unique())
            - set(outcomes.loc[outcomes["procedure"] == procedure, "model"].unique())
        )
    ]

    def evaluate(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
        pools = build_pools(rows, procedure, seed, _features(about))
        frames, more = evaluate_pools(name, pools, budgets, params, label or name)
        return (pd.concat(frames, ignore_index=True) if frames else _empty()), more

    values, more = evaluate(outcomes)
    if len(values):
        values = _bounded(
            values,
            outcomes,
            [procedure, *related_entries(about, params)],
            about,
            lambda r: evaluate(r)[0],
        )
    reason_frame = pd.DataFrame(reasons + more, columns=["model", "budget", "reason"])
    return values, reason_frame.sort_values(["model", "budget"], ignore_index=True)


def _bounded(
    values: pd.DataFrame,
    outcomes: pd.DataFrame,
    procedures: list[str],
    about: dict[str, Any],
    evaluate: Callable[[pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    """``values`` with the share of undecided responses and what they could change.

    Only problems with an undecided response are evaluated again, with the others where the
    strategy LEARNS from them or mixes models.
    """
    if not (outcomes["verdict"] == UNDECIDED).any():
        return values.assign(**{_undecided.SHARE: 0.0})
    used = outcomes[outcomes["procedure"].isin(procedures)]
    mixes = about["SCOPE"] == "dataset"
    by = ["problem_id"] if mixes else _undecided.PROBLEM
    index = values[by[0]] if mixes else pd.MultiIndex.from_frame(values[by])
    values[_undecided.SHARE] = _undecided.share(used, by).reindex(index).to_numpy()
    affected = _undecided.affected(used, by)
    if affected.empty:
        return values
    wanted = affected[["model"]].drop_duplicates() if about["LEARNS"] else affected
    rows = outcomes if mixes else _undecided.keep(outcomes, wanted)
    resolved = {
        verdict: _undecided.keep(evaluate(_undecided.resolve(rows, verdict)), affected)
        for verdict in (RIGHT, WRONG)
    }
    return _undecided.widen(values, resolved)


def evaluate_strategy(
    name: str,
    outcomes: pd.DataFrame,
    budgets: Sequence[int],
    params: dict[str, Any] | None = None,
    seed: int = 0,
    label: str | None = None,
) -> pd.DataFrame:
    """Values of one strategy in table ``evaluations``; see evaluate_with_reasons."""
    return evaluate_with_reasons(name, outcomes, budgets, params, seed, label)[0]


def _to_frame(
    pool: Pool,
    estimate: Estimate,
    label: str,
    model: str,
    halves: tuple[np.ndarray, np.ndarray] | None,
) -> pd.DataFrame:
    budgets = np.asarray(estimate.budgets, dtype=np.int32)
    n_problems, n_budgets = len(pool.problem_ids), len(budgets)
    shape = (n_problems, n_budgets)
    se = estimate.monte_carlo_se
    data: dict[str, Any] = {
        "dataset": np.repeat(pool.dataset, n_problems * n_budgets),
        "model": np.repeat(model, n_problems * n_budgets),
        "strategy": np.repeat(label, n_problems * n_budgets),
        "problem_id": np.repeat(pool.problem_ids, n_budgets),
        "budget": np.tile(budgets, n_problems),
        "correct": estimate.correct,
        "correct_if_undecided_right": estimate.upper,
        "correct_if_undecided_wrong": estimate.correct,
        "monte_carlo_se": np.zeros(shape) if se is None else se,
        "monte_carlo_se_tokens": np.zeros(shape) if estimate.cost_se is None else estimate.cost_se,
        "n_draws": np.full(n_problems * n_budgets, pool.n_draws, dtype=np.int32),
    }
    even, odd = (np.full(shape, np.nan),) * 2 if halves is None else halves
    data |= {"correct_even": even, "correct_odd": odd}
    open_prefixes = schemas.SCHEMAS["evaluations"].open_prefixes
    for name, values in {**estimate.costs, **estimate.metrics}.items():
        if name.startswith(open_prefixes):
            data[name] = np.broadcast_to(values, shape)
    for name, values in data.items():
        if getattr(values, "ndim", 1) == 2:
            assert values.shape == shape, (label, name, values.shape, shape)
            data[name] = np.ascontiguousarray(values).ravel()
    return pd.DataFrame(data)


def _empty() -> pd.DataFrame:
    columns = schemas.SCHEMAS["evaluations"].columns
    return pa.schema(list(columns.items())).empty_table().to_pandas()
