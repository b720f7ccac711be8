"""Plausible tables of a study that never ran, small or of paper size, for tests and benchmarks."""

from __future__ import annotations

import numpy as np
import pandas as pd

DEMO = {
    "models": ["tiny-reasoner", "tiny-direct"],
    "datasets": ["chain_sum", "spell_backward"],
    "strategies": ["single", "majority", "shortest", "coverage"],
    "budgets": [1, 2, 4, 8, 16],
}
PAPER = {
    "models": [
        "DeepSeek-R1",
        "QwQ-32B",
        "Qwen3-32B",
        "R1-Distill-Llama-70B",
        "R1-Distill-Qwen-32B",
        "Llama-3.3-70B-Instruct",
        "Qwen2.5-72B-Instruct",
        "gpt-4o-mini",
    ],
    "datasets": ["aime_2024", "gpqa_diamond", "math_500"],
    "strategies": ["single", "majority", "shortest", "coverage", "longest", "best_of_n"]
    + [f"strategy_{i:02d}" for i in range(24)],
    "budgets": [1, 2, 4, 8, 16, 32, 64, 128, 256],
}
REASONING = {"tiny-reasoner", *PAPER["models"][:5]}


def models(size: dict) -> pd.DataFrame:
    """The cast list: model, title, reasoning, parameters (billions)."""
    rows = [
        {"model": m, "title": m, "reasoning": m in REASONING, "parameters": 10.0 * (i + 1)}
        for i, m in enumerate(size["models"])
    ]
    return pd.DataFrame(rows)


def curves(size: dict, seed: int = 3) -> pd.DataFrame:
    """Operating points with intervals: saturating votes, rising coverage, costs linear in budget."""
    rng = np.random.default_rng(seed)
    rows = []
    for m, model in enumerate(size["models"]):
        reasons = model in REASONING
        base = (0.68 - 0.05 * m) if reasons else (0.30 - 0.03 * m)
        tokens = (9000 if reasons else 900) * (1 + 0.15 * m)
        for d, dataset in enumerate(["all", *size["datasets"]]):
            for s, strategy in enumerate(size["strategies"]):
                lift = {"coverage": 0.30, "majority": 0.14}.get(strategy, rng.uniform(-0.05, 0.13))
                for budget in [1] if strategy == "single" else size["budgets"]:
                    gain = lift * (1 - np.exp(-np.log2(budget) / 3.0))
                    accuracy = float(np.clip(base - 0.04 * (d - 1) + gain, 0.01, 0.99))
                    half = 0.05 + 0.01 * d
                    cost = tokens * budget
                    rows.append(
                        {
                            "dataset": dataset,
                            "model": model,
                            "strategy": strategy,
                            "budget": budget,
                            "n_problems": 60,
                            "accuracy": accuracy,
                            "low": max(0.0, accuracy - half),
                            "high": min(1.0, accuracy + half),
                            "se": half / 1.96,
                            "cost_output_tokens": cost,
                            "cost_total_tokens": cost + 120.0 + s,
                            "cost_sequential_tokens": tokens * (1 + 0.12 * np.log2(budget)),
                            "cost_calls": float(budget),
                        }
                    )
    return pd.DataFrame(rows)
