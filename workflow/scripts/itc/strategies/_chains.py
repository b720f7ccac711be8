"""Rows of derived procedures arranged along the draws of a pool: judgements, rounds, lineages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from itc.strategies._pool import Pool, Unavailable


@dataclass(frozen=True)
class Rounds:
    """Recorded rounds of a procedure: arrays [P, N, R] over problems, draws and ``numbers`` [R].

    ``codes`` are the outcome table's answer classes, which all procedures of a problem share;
    ``output`` and ``prompt`` are tokens (NaN where missing), ``score`` a judge's score, ``size``
    bytes of text.
    """

    numbers: list[int]
    codes: np.ndarray
    right: np.ndarray
    undecided: np.ndarray
    output: np.ndarray
    prompt: np.ndarray
    score: np.ndarray
    size: np.ndarray


def rounds(pool: Pool, procedure: str) -> Rounds:
    """All rounds of ``procedure`` for every draw of the pool; Unavailable where one is missing."""
    rows = pool.related(procedure)
    numbers = sorted(int(r) for r in rows["round"].unique())
    offset, width = int(pool.draws.min()), int(pool.draws.max() - pool.draws.min() + 1)
    column = np.full((len(pool.problem_ids), width), -1)
    place = np.arange(pool.n_draws)
    np.put_along_axis(column, pool.draws - offset, np.broadcast_to(place, pool.draws.shape), 1)
    draw = rows["draw"].to_numpy() - offset
    inside = (draw >= 0) & (draw < width)
    rows, draw = rows[inside], draw[inside]
    n = column[rows["p"].to_numpy(), draw]
    rows, n = rows[n >= 0], n[n >= 0]
    r = np.searchsorted(numbers, rows["round"].to_numpy())
    at = np.full((*pool.codes.shape, len(numbers)), -1)
    at[rows["p"].to_numpy(), n, r] = np.arange(len(rows))
    if (at < 0).any():
        raise Unavailable(
            f"{int((at < 0).sum())} of {at.size} responses of procedure {procedure!r} are missing"
        )

    def numeric(name: str) -> np.ndarray:
        if name not in rows:
            return np.full(at.shape, np.nan)
        result: np.ndarray = rows[name].to_numpy(dtype=np.float64, na_value=np.nan)[at]
        return result

    verdict = rows["verdict"].to_numpy(dtype=object)[at]
    return Rounds(
        numbers,
        rows["answer_class"].to_numpy().astype(np.int64)[at],
        verdict == "right",
        verdict == "undecided",
        numeric("n_output_tokens"),
        numeric("n_prompt_tokens"),
        numeric("score"),
        numeric("f_bytes"),
    )


def with_start(pool: Pool, later: Rounds) -> Rounds:
    """``later`` with the sampled response in front as round 0."""

    def join(first: np.ndarray, rest: np.ndarray) -> np.ndarray:
        return np.concatenate([first[:, :, None], rest], axis=2)

    return Rounds(
        [0, *later.numbers],
        join(pool.values("answer_class").astype(np.int64), later.codes),
        join(pool.right, later.right),
        join(pool.undecided, later.undecided),
        join(pool.values("n_output_tokens"), later.output),
        join(pool.values("n_prompt_tokens"), later.prompt),
        join(np.full(pool.codes.shape, np.nan), later.score),
        join(pool.values("f_bytes"), later.size),
    )


def chain_costs(chain: Rounds) -> dict[str, np.ndarray]:
    """Costs [P, R] of one chain up to each round, mean over draws; rounds wait for each other."""
    output = chain.output.cumsum(axis=2).mean(axis=1)
    reads = (chain.prompt * chain.output).cumsum(axis=2).mean(axis=1)
    calls = np.arange(1, len(chain.numbers) + 1, dtype=float)
    return {
        "cost_output_tokens": output,
        "cost_total_tokens": output + chain.prompt.cumsum(axis=2).mean(axis=1),
        "cost_sequential_tokens": output,
        "cost_calls": np.broadcast_to(calls, output.shape),
        "cost_squared_tokens": (chain.output**2).cumsum(axis=2).mean(axis=1),
        "cost_prompt_attention": reads,
        "cost_prompt_traffic": reads,
        "cost_bytes": chain.size.cumsum(axis=2).mean(axis=1),
    }


def vote_within(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Majority over the last axis of ``codes`` [..., R]: expected ``values`` [..., R], ties even.

    Answers of tied classes are equally many, so the mean over all their members shares the tie.
    """
    valid = codes >= 0
    same = (codes[..., :, None] == codes[..., None, :]) & valid[..., :, None]
    votes = same.sum(axis=-1)
    top = (votes == votes.max(axis=-1, keepdims=True)) & valid
    result: np.ndarray = (values * top).sum(axis=-1) / np.maximum(top.sum(axis=-1), 1)
    return result


@dataclass(frozen=True)
class Final:
    """Final responses of an aggregation: one entry per response, with what led to it."""

    p: np.ndarray  # problem row of the pool
    right: np.ndarray
    undecided: np.ndarray
    samples: np.ndarray  # sampled responses it goes back to
    costs: dict[str, np.ndarray]


def finals(pool: Pool, procedure: str) -> Final:
    """Responses of the last round of ``procedure`` and the cost of all their ancestors.

    Layer by layer back to the samples: outputs add up, the longest of each layer is the critical
    path, and a layer's prompt, which its responses share, is charged once.
    """
    rows = pool.related(procedure)
    samples = pool.texts("response_id")
    known: dict[str, tuple[float, float, float, list[Any] | None]] = {}
    amounts = ("n_output_tokens", "n_prompt_tokens", "f_bytes")
    own = (pool.values(column).ravel() for column in amounts)
    for name, *spent in zip(samples.ravel(), *own, strict=True):
        known[name] = (*spent, None)
    merged = rows.reindex(columns=amounts).to_numpy(dtype=float, na_value=np.nan).T
    for name, *spent, parents in zip(rows["response_id"], *merged, rows["parents"], strict=True):
        known[name] = (*spent, list(parents))
    last = rows[rows["round"] == rows["round"].max()]
    figures = np.array([_ancestry(name, known) for name in last["response_id"]], dtype=float)
    verdict = last["verdict"].to_numpy(dtype=object)
    return Final(
        last["p"].to_numpy(),
        verdict == "right",
        verdict == "undecided",
        figures[:, -1].astype(int),
        {name: figures[:, i] for i, name in enumerate(ANCESTRY)},
    )


ANCESTRY = (
    *("cost_output_tokens", "cost_total_tokens", "cost_sequential_tokens", "cost_calls"),
    *("cost_squared_tokens", "cost_prompt_attention", "cost_prompt_traffic", "cost_bytes"),
)


def _ancestry(name: str, known: dict[str, Any]) -> tuple[float, ...]:
    """Costs in the order of ANCESTRY, and the number of sampled responses."""
    output = prompt = path = calls = squared = attention = traffic = size = 0.0
    layer, n_samples = [name], 0
    while layer:
        try:
            found = [known[member] for member in layer]
        except KeyError as error:
            raise Unavailable(f"response {name} descends from {error}, which is not here") from None
        longest, shared = (max(member[i] for member in found) for i in (0, 1))
        output += sum(member[0] for member in found)
        squared += sum(member[0] ** 2 for member in found)
        attention += sum(member[0] * member[1] for member in found)
        traffic += longest * shared
        size += sum(member[2] for member in found)
        path += longest
        prompt += shared
        calls += len(found)
        n_samples = sum(member[3] is None for member in found)
        layer = sorted({parent for member in found for parent in member[3] or ()})
    return output, output + prompt, path, calls, squared, attention, traffic, size, n_samples


def per_problem(p: np.ndarray, values: np.ndarray, n_problems: int) -> np.ndarray:
    """Mean of ``values`` over the entries of each problem (at least one each), float [P]."""
    total = np.bincount(p, weights=np.asarray(values, dtype=float), minlength=n_problems)
    return total / np.bincount(p, minlength=n_problems)
