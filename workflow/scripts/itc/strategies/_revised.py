"""Shared bodies of strategies along the rounds of a chain, the rounds before it charged."""

from __future__ import annotations

import numpy as np

from itc.estimators import majority, order
from itc.strategies import _chains, _costs
from itc.strategies._base import Estimate, Pool
from itc.strategies._pool import class_credit


def last(pool: Pool, entry: str) -> Estimate:
    """The answer of the last of n rounds, the sampled response being the first; mean over draws."""
    chain = _chains.with_start(pool, _chains.rounds(pool, entry))
    budgets = list(range(1, len(chain.numbers) + 1))
    upper = (chain.right | chain.undecided).mean(axis=1)
    return Estimate(budgets, chain.right.mean(axis=1), upper, _chains.chain_costs(chain))


def vote(pool: Pool, entry: str) -> Estimate:
    """The majority of the first n rounds of a chain, ties shared evenly; mean over draws."""
    chain = _chains.with_start(pool, _chains.rounds(pool, entry))
    budgets = list(range(1, len(chain.numbers) + 1))
    correct, upper = (
        np.stack(
            [
                _chains.vote_within(chain.codes[:, :, :n], verdict[:, :, :n]).mean(axis=1)
                for n in budgets
            ],
            axis=1,
        )
        for verdict in (chain.right, chain.right | chain.undecided)
    )
    return Estimate(budgets, correct, upper, _chains.chain_costs(chain))


def parallel(pool: Pool, entry: str, n_chains: list[int]) -> Estimate:
    """Exact majority of the last answers of c of the N chains; budget = c x (1 + rounds)."""
    chain = _chains.with_start(pool, _chains.rounds(pool, entry))
    depth = len(chain.numbers)
    codes = chain.codes[:, :, -1]
    credit, credit_upper = class_credit(codes, chain.right[:, :, -1], chain.undecided[:, :, -1])
    correct, upper = majority.both_majorities(codes, credit, credit_upper, n_chains)
    c = np.asarray(n_chains, dtype=float)
    one = _chains.chain_costs(chain)
    costs = {
        name: values[:, -1:] * c
        for name, values in one.items()
        if name not in ("cost_sequential_tokens", "cost_total_tokens", "cost_prompt_traffic")
    }
    # chains share the first prompt; every later one holds another response
    later = chain.prompt[:, :, 1:].sum(axis=2).mean(axis=1)[:, None]
    costs["cost_total_tokens"] = (
        costs["cost_output_tokens"] + _costs.prompt_tokens(pool) + later * c
    )
    costs["cost_sequential_tokens"], first_steps = (
        _costs.complete_rows(tokens, lambda v: order.expected_maximum(v, n_chains))
        for tokens in (chain.output.sum(axis=2), chain.output[:, :, 0])
    )
    own = (chain.prompt * chain.output)[:, :, 1:].sum(axis=2).mean(axis=1)[:, None]
    costs["cost_prompt_traffic"] = _costs.prompt_tokens(pool) * first_steps + own * c
    return Estimate([int(k) * depth for k in n_chains], correct, upper, costs)


def curve(pool: Pool, entry: str) -> Estimate:
    """Mean over draws at each recorded round; a row's tokens are those of one whole response."""
    rows = _chains.rounds(pool, entry)
    output = rows.output.mean(axis=1)
    reads = (rows.prompt * rows.output).mean(axis=1)
    costs = {
        "cost_output_tokens": output,
        "cost_total_tokens": output + rows.prompt.mean(axis=1),
        "cost_sequential_tokens": output,
        "cost_calls": np.ones_like(output),
        "cost_squared_tokens": (rows.output**2).mean(axis=1),
        "cost_prompt_attention": reads,
        "cost_prompt_traffic": reads,
        "cost_bytes": rows.size.mean(axis=1),
    }
    upper = (rows.right | rows.undecided).mean(axis=1)
    return Estimate(rows.numbers, rows.right.mean(axis=1), upper, costs)
