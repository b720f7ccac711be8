"""Further synthetic tables, derived from the operating points of ``synthetic``."""

from __future__ import annotations

import numpy as np
import pandas as pd
from itc.stats.frontier import EVERY_POINT

KEY = ["dataset", "model", "strategy"]
CUTS = (0, 16, 32, 64)  # thinking tokens kept


def truncated(curves: pd.DataFrame, reasoning: set[str]) -> pd.DataFrame:
    """Operating points of thinking cut short, for reasoning models: from half its accuracy up."""
    single = curves[(curves["strategy"] == "single") & curves["model"].isin(reasoning)]
    rows = []
    for place, kept in enumerate(CUTS):
        share = 0.4 + 0.6 * place / (len(CUTS) - 1)
        cost = single["cost_output_tokens"] * (0.05 + 0.95 * share)
        rows.append(
            single.assign(
                strategy="truncated",
                strategy_title="Truncated thinking",
                budget=kept,
                accuracy=single["accuracy"] * share,
                low=single["low"] * share,
                high=single["high"] * share,
                cost_output_tokens=cost,
                cost_total_tokens=cost + 120.0,
                cost_sequential_tokens=cost,
            )
        )
    return pd.concat(rows)


def gains(curves: pd.DataFrame) -> pd.DataFrame:
    """Gain per doubling and gap to coverage, as differences of the operating points."""
    table = curves.pivot_table(index=[*KEY, "budget"], values="accuracy").reset_index()
    twice = table[table["budget"] % 2 == 0].assign(budget=lambda f: f["budget"] // 2)
    doubled = table.merge(twice, on=[*KEY, "budget"], suffixes=("", "_more"))
    doubled = doubled[doubled["budget"] > 0].assign(quantity="doubling")
    best = table[table["strategy"] == "coverage"].drop(columns="strategy")
    gap = table[~table["strategy"].isin(["coverage", "truncated"])].merge(
        best, on=["dataset", "model", "budget"], suffixes=("", "_more")
    )
    rows = pd.concat([doubled, gap.assign(quantity="selection_gap")], ignore_index=True)
    value = rows["accuracy_more"] - rows["accuracy"]
    rows = rows.assign(value=value, low=value - 0.02, high=value + 0.02, se=0.01)
    return rows.drop(columns=["accuracy", "accuracy_more"])


def fits(curves: pd.DataFrame) -> pd.DataFrame:
    """N* of the vote, beyond the samples taken for the last model, and laws of coverage."""
    cells = curves.loc[curves["strategy"] == "majority", ["dataset", "model"]].drop_duplicates()
    models = list(dict.fromkeys(cells["model"]))
    rows = []
    for dataset, model in cells.itertuples(index=False):
        star = np.nan if model == models[-1] else 3.0 + models.index(model) / 2
        cell = {"dataset": dataset, "model": model, "n_budgets": 5, "budget": 0, "beyond": np.nan}
        own = cell | {"strategy": "majority", "law": "none", "quantity": "saturation_budget"}
        rows.append(own | {"value": star, "low": star - 1, "high": np.nan, "beyond": 8.0})
        for law, better in (("power_law", 0.0), ("beta_binomial", 1.0)):
            own = cell | {"strategy": "coverage", "law": law, "budget": 16}
            rows.append(own | {"quantity": "misfit", "value": 0.01, "low": -0.01, "high": 0.02})
            rows.append(
                own | {"quantity": "better", "value": better, "low": np.nan, "high": np.nan}
            )
    return pd.DataFrame(rows)


def frontier(curves: pd.DataFrame, seed: int = 19) -> pd.DataFrame:
    """Every operating point with a made-up share of resamples; a fifth of them stand on it."""
    rng = np.random.default_rng(seed)
    rows = curves.loc[~curves["upper_bound"], [*KEY, "budget", "accuracy", "cost_output_tokens"]]
    share = np.where(rng.random(len(rows)) < 0.2, rng.uniform(0.05, 1, len(rows)), 0.0)
    return rows.rename(columns={"cost_output_tokens": "cost"}).assign(
        axis="cost_output_tokens",
        scope=EVERY_POINT,
        frontier_share=share,
        on_frontier=share > 0.5,
    )


def calibration(size: dict) -> pd.DataFrame:
    """Predictions that are a little too sure of themselves."""
    rows = []
    for model in size["models"]:
        for dataset in size["datasets"]:
            for features, tilt in (("markers_length", 0.8), ("confidence", 0.95)):
                for b in range(10):
                    p = (b + 0.5) / 10
                    row = {"model": model, "dataset": dataset, "features": features}
                    row |= {"held_out": "problems", "bin": b, "n": 40 + 10 * b}
                    share = 0.5 + tilt * (p - 0.5)
                    rows.append(row | {"mean_probability": p, "share_correct": share})
    return pd.DataFrame(rows)


def prediction(size: dict) -> pd.DataFrame:
    """Discrimination that shrinks within question."""
    rows = []
    for model in size["models"]:
        for dataset in size["datasets"]:
            for features, area in (("markers_length", 0.78), ("confidence", 0.82)):
                row = {"model": model, "dataset": dataset, "features": features}
                row |= {"held_out": "problems", "n_responses": 960, "n_problems": 60}
                row |= {"n_problems_both": 24, "share_correct": 0.5, "auroc": area}
                row |= {"auroc_low": area - 0.05, "auroc_high": area + 0.05}
                row |= {"within_auroc": 0.58, "within_auroc_low": 0.5, "within_auroc_high": 0.66}
                row |= {"brier": 0.17, "brier_base": 0.25, "calibration_error": 0.04}
                rows.append(row)
    return pd.DataFrame(rows)


def censoring(size: dict) -> pd.DataFrame:
    """A vote that loses a little where cut responses are silenced."""
    shift = {"as recorded": 0.0, "cut gives no answer": -0.03, "uncut only": 0.05}
    rows = []
    for m, model in enumerate(size["models"]):
        for dataset in size["datasets"]:
            for treatment, change in shift.items():
                row = {"dataset": dataset, "model": model, "strategy": "majority", "budget": 8}
                row |= {"treatment": treatment, "n_problems": 60, "share_cut": 0.1}
                value = 0.6 - 0.04 * m + change
                row |= {"share_unknown": 0.0, "accuracy": value}
                rows.append(row | {"low": value - 0.08, "high": value + 0.08})
    return pd.DataFrame(rows)


def marker_sensitivity(size: dict, seed: int = 23) -> pd.DataFrame:
    """Variants of each lexicon that mostly agree with it."""
    rng = np.random.default_rng(seed)
    parts = {"": "whole", "_even": "half", "_odd": "half", "_part": "category"}
    parts |= {"_without_one": "without a marker"}
    centre = {"hedging": -0.4, "thinking": -0.15, "discourse": 0.08}
    rows = []
    for model in size["models"]:
        for dataset in ["all", *size["datasets"]]:
            for construct, effect in centre.items():
                for part, kind in parts.items():
                    value = effect + rng.normal(0, 0.1)
                    row = {"model": model, "dataset": dataset, "subset": "decided"}
                    row |= {"construct": construct, "variant": f"{construct}{part}"}
                    row |= {"reference": not part, "n_problems_both": 24, "incorrect_mean": 9.0}
                    row |= {"kind": kind, "within_sign_agrees": True, "pooled_sign_agrees": True}
                    row |= {"pooled_relative": 1.5 * value, "pooled_t": 20 * value}
                    rows.append(row | {"within_relative": value, "within_t": 10 * value})
    return pd.DataFrame(rows)


def length_distributions(size: dict, bins: int = 30) -> pd.DataFrame:
    """Bell shapes on the log scale, incorrect ones further right."""
    at = np.geomspace(100, 40_000, bins + 1)
    centre = np.log(np.sqrt(at[1:] * at[:-1]))
    rows = []
    for model in size["models"]:
        for dataset in ["all", *size["datasets"]]:
            for correct, mean in ((True, 2_000), (False, 5_000)):
                share = np.exp(-0.5 * ((centre - np.log(mean)) / 0.6) ** 2)
                share /= share.sum()
                rows.append(
                    pd.DataFrame({"bin": range(bins), "left": at[:-1], "right": at[1:]}).assign(
                        model=model,
                        dataset=dataset,
                        subset="decided",
                        correct=correct,
                        measure="n_output_tokens",
                        n=np.round(480 * share).astype(int),
                        n_responses=480,
                        share=share,
                        median=float(mean),
                    )
                )
    return pd.concat(rows, ignore_index=True)


def _rows(size: dict, inner: list[dict]) -> pd.DataFrame:
    """Every dataset and model with every row of ``inner``."""
    places = [{"dataset": d, "model": m} for d in size["datasets"] for m in size["models"]]
    return pd.DataFrame([place | row for place in places for row in inner])


def breadth(size: dict) -> pd.DataFrame:
    """Four levels of difficulty and two subjects, accuracy falling, tokens rising."""
    levels = [("difficulty", str(i), i) for i in range(4)]
    levels += [("subject", name, i) for i, name in enumerate(("algebra", "numbers"))]
    value = {"strategy": "single", "budget": 1, "n_problems": 15}
    rows = []
    for by, level, rank in levels:
        accuracy = 0.9 - 0.2 * rank
        ends = {"accuracy": accuracy, "low": accuracy - 0.1, "high": min(accuracy + 0.1, 1)}
        tokens = {"cost_output_tokens": 300.0 * (rank + 1)}
        rows.append({"by": by, "level": level, "rank": rank} | value | ends | tokens)
    return _rows(size, rows)


def profiles(size: dict) -> pd.DataFrame:
    """A falling line for one response, a flatter one for the vote, and their means."""
    rows = []
    for strategy, budget, fall in (("single", 1, 0.9), ("majority", max(size["budgets"]), 0.4)):
        point = {"strategy": strategy, "budget": budget}
        rows.append(point | _share("iqm", 0.0, 0.7))
        for step in range(1, 21):
            rows.append(point | _share("profile", step / 20, 0.95 - fall * step / 20))
    return _rows(size, rows)


def _share(statistic: str, threshold: float, value: float) -> dict:
    ends = {"low": max(value - 0.1, 0.0), "high": min(value + 0.1, 1.0)}
    return {"statistic": statistic, "threshold": threshold, "value": value} | ends


def resolution(size: dict) -> pd.DataFrame:
    """One comparison of strategies per dataset and model."""
    named = {"scope": "strategies", "budget": 4, "n_compared": 3, "n_problems": 60}
    figures = {"signal": 0.05, "noise": 0.02, "signal_to_noise": 2.5, "detectable": 0.057}
    return _rows(size, [named | figures | {"share_separated": 2 / 3}])


def stability(size: dict) -> pd.DataFrame:
    """Two ways to sample, one strategy."""
    return _rows(
        size,
        [
            {"procedure": p, "strategy": "single", "budget": 1, "accuracy": 0.5 + d, "rank": 1.0}
            | {"difference": d, "low": d - 0.02, "high": d + 0.02, "spread": 0.03}
            | {"kendall_tau": 1.0, "folds": 5 if d == 0 else 0, "tuned": 0.5}
            | {"tuned_difference": 0.0, "tuned_low": 0.0, "tuned_high": 0.0}
            | {"over_vote": -0.1, "over_vote_low": -0.13, "over_vote_high": -0.07}
            for p, d in (("sample", 0.0), ("sample_plain", -0.03))
        ],
    )


def allocation(size: dict) -> pd.DataFrame:
    """Three policies at one cost."""
    return _rows(
        size,
        [
            {"policy": policy, "target_budget": 4, "cost": 900.0, "probe_cost": 1200.0}
            | {"accuracy": 0.6 + d, "low": 0.5 + d, "high": 0.7 + d, "difference": d}
            | {"difference_low": d - 0.03, "difference_high": d + 0.03}
            for policy, d in (("uniform", 0.0), ("predicted difficulty", 0.01))
        ],
    )


def allocation_choices(size: dict) -> pd.DataFrame:
    """Two bins, the harder one given a vote."""
    place = {"policy": "predicted difficulty", "target_budget": 4, "folds": 5}
    given = [(0, "majority", 8), (1, "single", 1)]
    return _rows(size, [place | {"bin": b, "strategy": s, "budget": k} for b, s, k in given])


def learned_votes(size: dict) -> pd.DataFrame:
    """Weights from other problems gain a little, from other datasets nothing."""
    place = {"strategy": "regression_weighted", "budget": 8, "n_problems": 60, "n_datasets": 1}
    gains = {"problems": 0.01, "dataset": 0.0}
    ends = [{"difference": d, "low": d - 0.02, "high": d + 0.02} for d in gains.values()]
    return _rows(size, [place | {"held_out": h} | e for h, e in zip(gains, ends, strict=True)])


def revision_grid(size: dict) -> pd.DataFrame:
    """Two numbers of chains at three numbers of rounds."""
    grid = [(c, r) for c in (1, 4) for r in (0, 1, 2)]
    ends = {"accuracy": 0.6, "low": 0.5, "high": 0.7, "cost_output_tokens": 900.0}
    rows = [{"chains": c, "rounds": r, "calls": c * (r + 1)} | ends for c, r in grid]
    return _rows(size, [{"procedure": "revise_full"} | row for row in rows])


def planning(size: dict) -> pd.DataFrame:
    """One pair of strategies that needs more problems, and one of models that never differed."""
    ends = {"low": -0.03, "high": 0.05, "fixed_low": -0.01, "fixed_high": 0.03}
    pair = {"scope": "strategies", "strategy": "majority", "against": "single", "effect": 0.02}
    pair |= {"budget": 4, "against_budget": 1, "n_problems": 60, "n_draws": 8, "difference": 0.01}
    needs = {"draw_share": 0.4, "detectable": 0.05, "problems_needed": 380.0}
    same = {"scope": "models", "strategy": "single", "against": size["models"][0], "budget": 1}
    return _rows(
        size,
        [
            pair | ends | needs | {"draws_needed": np.nan, "cheaper": "problems"},
            pair | same | ends | {"problems_needed": np.nan, "cheaper": "unknown"},
        ],
    )


def standings(size: dict) -> pd.DataFrame:
    """Models by one response, all of one tier."""
    ranked = {"n_ranked": len(size["models"]), "n_problems": 60, "rank": 1.5, "tier": 1}
    ranked |= {"rank_low": 1, "rank_high": len(size["models"]), "share_best": 0.5}
    best = {"bayes": 0.6, "bayes_low": 0.55, "bayes_high": 0.65, "bayes_best": 0.5}
    place = {"scope": "models by single", "strategy": "single", "budget": 1, "accuracy": 0.6}
    return _rows(size, [place | ranked | best])


def grader_error(size: dict) -> pd.DataFrame:
    """A grader that is lenient once in ten times."""
    rates = {"false_right": 0.1, "false_right_low": 0.05, "false_right_high": 0.2}
    rates |= {"false_wrong": 0.0, "false_wrong_low": 0.0, "false_wrong_high": 0.1}
    ends = {"accuracy": 0.6, "corrected": 0.56, "corrected_low": 0.4, "corrected_high": 0.7}
    counts = {"n_problems": 60, "n_responses": 480, "n_second": 240, "n_false_right": 10}
    return _rows(size, [{"procedure": "sample", "n_false_wrong": 0} | counts | rates | ends])


def unavailable(size: dict) -> pd.DataFrame:
    """A strategy without its column, and one without enough draws."""
    return _rows(
        size,
        [
            {"strategy": "borda", "budget": 0, "reason": "confidence_mean is missing in 5 draws"},
            {"strategy": "majority", "budget": 512, "reason": "3 problems have only 256 draws"},
        ],
    )


def tables(size: dict, curves: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All of them."""
    return {
        "gains": gains(curves),
        "fits": fits(curves),
        "frontier": frontier(curves),
        "calibration": calibration(size),
        "prediction": prediction(size),
        "censoring": censoring(size),
        "marker_sensitivity": marker_sensitivity(size),
        "length_distributions": length_distributions(size),
        "breadth": breadth(size),
        "profiles": profiles(size),
        "resolution": resolution(size),
        "stability": stability(size),
        "allocation": allocation(size),
        "allocation_choices": allocation_choices(size),
        "revision_grid": revision_grid(size),
        "learned_votes": learned_votes(size),
        "unavailable": unavailable(size),
        "planning": planning(size),
        "standings": standings(size),
        "grader_error": grader_error(size),
    }
