import numpy as np
import pandas as pd
import pytest
from itc import registry
from itc.analyses import claim_evidence, claims
from itc.claims import _settings
from itc.features._lexicon import lexicon_hash
from itc.tables import to_arrow

from .worlds import SETTINGS, evaluations, outcomes

VOTES = {
    **{("thinker", "majority", b): (0.6 + 0.1 * np.log2(b), 100 * b) for b in (1, 2, 4, 8)},
    ("thinker", "single", 1): (0.6, 100),
    **{("direct", "majority", b): (0.3 + 0.02 * np.log2(b), 20 * b) for b in (1, 2, 4, 8)},
    ("direct", "single", 1): (0.3, 20),
}


def verdicts(evaluated=None, observed=None, settings=SETTINGS):
    tables = {
        "evaluations": evaluations(VOTES if evaluated is None else evaluated),
        "outcomes": outcomes() if observed is None else observed,
    }
    table = claims.build(tables, settings)
    to_arrow(table, "claims")
    to_arrow(claim_evidence.build(tables, settings), "claim_evidence")
    return table.set_index(["claim", "part"])


def test_every_claim_has_a_statement_and_says_what_is_missing():
    nothing = evaluations(VOTES).iloc[:0]
    table = claims.build({"evaluations": nothing, "outcomes": outcomes().iloc[:0]}, SETTINGS)
    assert set(table["claim"]) == set(registry.names("claims"))
    assert (table["verdict"] == "missing data").all()
    assert table["reason"].notna().all() and table["effect"].isna().all()
    assert table["statement"].str.endswith(".").all()
    assert (table["lexicon_sha256"] == lexicon_hash()).all()


def test_reasoning_floor():
    found = verdicts().loc["reasoning_floor", "gap"]
    assert found["verdict"] == "supported"
    assert found["effect"] == pytest.approx(0.6 - 0.36)
    turned = {(m, s, b): (1 - v[0], v[1]) for (m, s, b), v in VOTES.items()}
    assert verdicts(turned).loc["reasoning_floor", "gap"]["verdict"] == "contradicted"


def test_diminishing_returns_sees_steady_growth_as_contradiction():
    table = verdicts().loc["diminishing_returns"]
    assert table.loc["last doubling", "effect"] == pytest.approx(0.1)
    assert table.loc["last doubling", "verdict"] == "contradicted"
    assert table.loc["decline", "effect"] == pytest.approx(0.0, abs=1e-9)


def test_rival_is_compared_at_equal_tokens_between_budgets():
    rival = {("thinker", "shortest", 8): (0.80, 300)}
    found = verdicts({**VOTES, **rival}).loc["majority_robust", "shortest"]
    # 300 tokens buy a vote halfway between budgets 2 and 4
    assert found["effect"] == pytest.approx(0.80 - (0.7 + 0.8) / 2)
    assert found["verdict"] == "contradicted"


def test_oracles_are_no_rivals():
    table = verdicts({**VOTES, ("thinker", "coverage", 8): (0.99, 800)})
    assert "coverage" not in table.loc["majority_robust"].index


def test_features_improve_vote_reads_its_strategies():
    gain = {("thinker", "regression_weighted", 8): (0.95, 800)}
    table = verdicts({**VOTES, **gain}).loc["features_improve_vote"]
    assert table.loc["regression_weighted", "verdict"] == "supported"
    assert table.loc["regression_weighted", "effect"] == pytest.approx(0.05)
    assert table.loc["marker_weighted", "verdict"] == "missing data"


def test_same_weights_with_and_without_thinking():
    found = verdicts().loc["thinking_helps", "equal tokens"]
    # one thought costs 100 tokens: a quarter of the way from 4 votes to 8 votes of the other
    assert found["effect"] == pytest.approx(0.6 - (0.75 * 0.34 + 0.25 * 0.36))
    assert found["models"] == "thinker / direct"


def test_sequential_strategies_are_judged_by_tokens_and_by_latency():
    entry = {"models": SETTINGS["models"], "procedures": {"revise_full": {"kind": "revise"}}}
    name = next(
        (
            s
            for s in registry.names("strategies")
            if registry.constants("strategies", s)["PROCEDURE"].startswith("revise")
        ),
        None,
    )
    if name is None:
        pytest.skip("no strategy of sequential revision exists")
    table = verdicts({**VOTES, ("thinker", name, 4): (0.7, 400)}, settings=entry)
    found = table.loc["parallel_beats_sequential"]
    assert found.loc[f"{name}, output tokens", "effect"] == pytest.approx(0.8 - 0.7)
    assert found.loc[f"{name}, output tokens", "verdict"] == "supported"


def test_self_judged_best_of_n_is_followed_to_its_last_doubling():
    judged = {("thinker", "judge_best", b): (0.7 - 0.02 * b, 300 * b) for b in (2, 4)}
    found = verdicts({**VOTES, **judged}).loc["judged_best_of_n_degrades", "judge_best"]
    assert found["effect"] == pytest.approx(0.04) and found["verdict"] == "supported"


CLAIMS = {
    "shorter_is_right": 0.1,
    "fewer_hedging_markers": 1.0,
    "fewer_thinking_markers": 1.0,
    "more_discourse_markers": 1.0,
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_difficulty_alone_supports_the_pooled_claim_only(claim):
    table = verdicts(observed=outcomes(confounded=4.0)).loc[claim]
    assert table.loc["pooled", "verdict"] == "supported"
    assert table.loc["within", "low"] < 0 < table.loc["within", "high"]
    assert table.loc["within", "verdict"] != "supported"


@pytest.mark.parametrize("claim", CLAIMS)
def test_an_effect_within_questions_is_found_with_its_size(claim):
    table = verdicts(observed=outcomes(confounded=1.0, within=3.0)).loc[claim]
    assert table.loc["within", "verdict"] == "supported"
    assert table.loc["within", "effect"] == pytest.approx(3.0 * CLAIMS[claim], rel=0.15)


def test_models_that_do_not_reason_carry_no_evidence_on_features():
    table = verdicts(observed=outcomes(model="direct", within=3.0))
    assert (table.loc[list(CLAIMS), "verdict"] == "missing data").all()


def truncated(accuracy_cut):
    sample = outcomes(model="thinker")
    other = outcomes(model="direct", seed=1)
    cut = sample.assign(procedure="truncate", round=0)
    cut["verdict"] = np.where(np.arange(len(cut)) % 100 < 100 * accuracy_cut, "right", "wrong")
    sample["verdict"] = np.where(np.arange(len(sample)) % 10 < 9, "right", "wrong")
    return pd.concat([sample, other, cut, cut.assign(round=512, verdict="right")])


def test_truncation_is_read_at_its_smallest_budget():
    table = verdicts(observed=truncated(0.05)).loc["truncation_crosses"]
    assert table.loc["cut", "verdict"] == table.loc["uncut", "verdict"] == "supported"
    kept = verdicts(observed=truncated(0.95)).loc["truncation_crosses", "cut"]
    assert kept["verdict"] == "contradicted"


def test_chosen_claims_and_given_effects_are_used():
    settings = SETTINGS | {
        "claims": ["reasoning_floor"],
        "claim_settings": {
            "reasoning_floor": {"measure": "m", "unit": "u", "smallest_effect": 0.5}
        },
    }
    table = verdicts(settings=settings)
    assert table.index.tolist() == [("reasoning_floor", "gap")]
    assert table.loc["reasoning_floor", "gap"]["verdict"] == "contradicted"


def test_evidence_names_every_unit_of_every_verdict():
    tables = {"evaluations": evaluations(VOTES), "outcomes": outcomes()}
    evidence = claim_evidence.build(tables, SETTINGS)
    table = claims.build(tables, SETTINGS).set_index(["claim", "part"])
    counts = evidence.groupby(["claim", "part"]).size()
    assert counts.to_dict() == table.loc[table["n_units"] > 0, "n_units"].to_dict()
    assert (evidence["low"] < evidence["effect"]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw.pop("reasoning_floor"), "'reasoning_floor' has no entry"),
        (lambda raw: raw.update(other={}), "no claim 'other'"),
        (lambda raw: raw["majority_robust"].update(extra=1), "exactly the keys"),
        (lambda raw: raw["majority_robust"].update(smallest_effect=-1), "-1 must be a finite"),
        (lambda raw: raw["majority_robust"].update(smallest_effect=True), "True must be a finite"),
        (lambda raw: raw["majority_robust"].update(smallest_effect=np.nan), "0 or more"),
        (lambda raw: raw["majority_robust"].update(smallest_effect="2 %"), "'2 %' must be"),
        (lambda raw: raw["majority_robust"].update(unit=""), "unit '' must be words"),
    ],
)
def test_faults_of_the_claims_file_are_named(change, said):
    raw = {name: dict(entry) for name, entry in _settings.load().items()}
    change(raw)
    with pytest.raises(_settings.ClaimConfigError, match=said):
        _settings.check(raw, "claims.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claims: {", "cannot be read as YAML"),
        ("", "is no mapping of claims"),
        ("- one", "is no mapping of claims"),
        ("claims: {}\nclaim: {}", r"unknown keys \['claim'\]"),
    ],
)
def test_a_file_that_is_no_list_of_claims_is_named(tmp_path, text, said):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(_settings.ClaimConfigError, match=f"here.yaml: .*{said}"):
        _settings.read(path, "here.yaml")
    with pytest.raises(_settings.ClaimConfigError, match="cannot be read"):
        _settings.read(tmp_path / "absent.yaml", "absent.yaml")


def test_thresholds_of_the_shipped_file_decide_the_verdict(tmp_path, monkeypatch):
    before = verdicts().loc["reasoning_floor", "gap"]
    assert before["smallest_effect"] == 0.05 and before["verdict"] == "supported"
    path = tmp_path / "claims.yaml"
    text = _settings.FILE.read_text(encoding="utf-8")
    path.write_text(text.replace("smallest_effect: 0.05", "smallest_effect: 0.4", 1))
    monkeypatch.setattr(_settings, "FILE", path)
    _settings.load.cache_clear()
    try:
        after = verdicts().loc["reasoning_floor", "gap"]
    finally:
        _settings.load.cache_clear()
    assert after["smallest_effect"] == 0.4 and after["verdict"] == "contradicted"
