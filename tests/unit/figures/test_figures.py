"""Every figure draws small and large studies, says what is missing, and gives equal bytes twice."""

from __future__ import annotations

import importlib.util
import itertools
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from itc import registry
from itc.figures import _style
from itc.figures._frontier import pareto
from itc.figures._parts import NOTHING, short_number, signed, spread
from itc.figures._save import save

REPO = Path(__file__).resolve().parents[3]
_spec = importlib.util.spec_from_file_location("synthetic", REPO / "tests/unit/report/synthetic.py")
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)

FIGURES = registry.names("figures")


@pytest.fixture(scope="module")
def demo() -> dict[str, pd.DataFrame]:
    return synthetic.tables(synthetic.DEMO)


@pytest.mark.parametrize("name", FIGURES)
def test_contract_of_every_figure(name: str) -> None:
    constants = registry.constants("figures", name)
    assert constants["TITLE"] and constants["TABLES"] and constants["SECTION"]
    assert isinstance(constants["ORDER"], int)
    caption = REPO / "reports" / "captions" / f"{name}.rst"
    assert len(caption.read_text(encoding="utf-8").split()) > 20, "a caption says how to read it"


@pytest.mark.parametrize("name", FIGURES)
def test_same_tables_give_the_same_bytes(name: str, demo: dict, tmp_path: Path) -> None:
    module = registry.load("figures", name)
    for run in ("a", "b"):
        fig, data = module.draw({table: demo[table] for table in module.TABLES if table in demo})
        save(fig, data, *(tmp_path / f"{run}.{kind}" for kind in ("svg", "csv", "pdf")))
    for kind in ("svg", "csv", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    assert not plt.get_fignums(), "saved figures are closed"
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<text" in svg and "dc:date" not in svg


@pytest.mark.parametrize("name", FIGURES)
def test_empty_tables_give_a_figure_that_says_so(name: str, tmp_path: Path) -> None:
    module = registry.load("figures", name)
    for tables in ({}, {table: pd.DataFrame() for table in module.TABLES}):
        fig, data = module.draw(tables)
        save(fig, data, tmp_path / "x.svg")
        svg = (tmp_path / "x.svg").read_text(encoding="utf-8")
        assert f'id="{NOTHING}"' in svg and "Nothing to draw" in svg
        assert data["note"].str.len().gt(10).all()


def test_order_of_rows_does_not_change_what_is_drawn(demo: dict) -> None:
    shuffled = {k: v.sample(frac=1.0, random_state=1) for k, v in demo.items()}
    for name in FIGURES:
        drawn = []
        for tables in (demo, shuffled):
            fig, data = registry.load("figures", name).draw(tables)
            words = [t.get_text() for ax in fig.axes for t in (ax.title, *ax.get_yticklabels())]
            drawn.append((data.sort_values(list(data)).to_csv(index=False), words))
            plt.close(fig)
        assert drawn[0] == drawn[1], name


def test_a_model_keeps_its_colour_when_others_leave_the_figure(demo: dict) -> None:
    everyone = _style.cast(demo)
    alone = _style.cast(demo, ["tiny-direct"])
    assert alone["tiny-direct"] == everyone["tiny-direct"]
    assert everyone["tiny-reasoner"].marker != everyone["tiny-direct"].marker
    assert list(everyone) == ["tiny-reasoner", "tiny-direct"], "reasoning models first"


def test_models_beyond_the_palette_stay_tellable_by_name() -> None:
    models = pd.DataFrame({"model": [f"m{i:02d}" for i in range(20)], "reasoning": True})
    looks = _style.cast({"models": models})
    assert len(looks) == 20
    assert {look.colour for look in looks.values()} == set(_style.PALETTE)


def test_every_drawn_colour_has_a_role_on_the_page(demo: dict, tmp_path: Path) -> None:
    known = {colour.lower() for colour in _style.ROLES}
    for name in FIGURES:
        module = registry.load("figures", name)
        save(*module.draw(demo), tmp_path / f"{name}.svg")
        svg = (tmp_path / f"{name}.svg").read_text(encoding="utf-8").lower()
        colours = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", svg))
        assert colours <= known, f"{name}: {colours - known} would not follow the page's theme"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("colour", [*_style.PALETTE, _style.INK, _style.MUTED])
def test_text_colours_reach_contrast_aa_on_white(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_pareto_keeps_what_nothing_cheaper_equals() -> None:
    points = pd.DataFrame({"cost": [1, 2, 3, 4, 4], "accuracy": [0.5, 0.5, 0.7, 0.6, 0.8]})
    assert pareto(points, "cost")[["cost", "accuracy"]].values.tolist() == [
        [1, 0.5],
        [3, 0.7],
        [4, 0.8],
    ]


def test_the_frontier_leaves_out_what_needs_the_gold_answer(demo: dict) -> None:
    _, data = registry.load("figures", "frontier").draw(demo)
    plt.close("all")
    assert "coverage" not in set(data["strategy"])
    assert {"majority", "single"} <= set(data["strategy"])


def test_budgets_that_are_no_samples_stay_off_the_axis_of_samples(demo: dict) -> None:
    curves = demo["curves"]
    only = curves[curves["strategy"].isin(["truncated", "majority"])]
    _, data = registry.load("figures", "accuracy_by_samples").draw(demo | {"curves": only})
    plt.close("all")
    assert set(data["strategy"]) == {"majority"} and (data["budget"] > 0).all()


def test_labels_keep_their_distance_and_order() -> None:
    placed = spread([0.5, 0.51, 0.52, 0.1], 0.1, 0.0, 1.0)
    assert placed[0] < placed[1] < placed[2] and placed[3] == pytest.approx(0.1)
    gaps = sorted(placed)
    assert min(b - a for a, b in itertools.pairwise(gaps)) > 0.099


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (950, "950"), (1200, "1.2k"), (3e6, "3M"), (2e12, "2T")]
)
def test_tick_labels_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_signed_labels_use_a_real_minus() -> None:
    assert [signed(v) for v in (-5, 0, 2.5)] == ["\N{MINUS SIGN}5", "0", "+2.5"]


# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
DEFICIENCIES = {
    "protan": "0.152286 1.052583 -0.204868 0.114503 0.786281 0.099216 -0.003882 -0.048116 1.051998",
    "deutan": "0.367322 0.860646 -0.227968 0.280085 0.672501 0.047413 -0.011820 0.042940 0.968881",
    "tritan": "1.255528 -0.076749 -0.178779 -0.078411 0.930809 0.147602 0.004733 0.691367 0.303900",
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))


def lab(colour: str, seen: str) -> np.ndarray:
    """CIELAB (D65) of a colour as somebody with a colour deficiency sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    as_seen = np.array(DEFICIENCIES[seen].split(), dtype=float).reshape(3, 3)
    xyz = np.array(TO_XYZ) @ np.clip(as_seen @ linear, 0, 1)
    t = xyz / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen", DEFICIENCIES)
def test_correct_and_incorrect_stay_apart_for_the_colour_blind(seen: str) -> None:
    assert np.linalg.norm(lab(_style.RIGHT, seen) - lab(_style.WRONG, seen)) > 20


@pytest.mark.parametrize("seen", DEFICIENCIES)
def test_first_colours_of_models_stay_apart_for_the_colour_blind(seen: str) -> None:
    pairs = itertools.combinations(_style.PALETTE[:4], 2)
    assert min(np.linalg.norm(lab(a, seen) - lab(b, seen)) for a, b in pairs) > 10
