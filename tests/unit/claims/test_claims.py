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


def verdicts(evaluated=None, observed=None, settings=SETTINGS, n_problems=40, **changes):
    tables = {
        "evaluations": evaluations(
            VOTES if evaluated is None else evaluated, n_problems=n_problems, **changes
        ),
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
    assert (table["verdict"] == "not tested").all()
    assert table["reason"].notna().all() and table["effect"].isna().all()
    assert table["statement"].str.endswith(".").all()
    assert (table["lexicon_sha256"] == lexicon_hash()).all()


def test_reasoning_floor():
    found = verdicts().loc["reasoning_floor", "gap"]
    assert found["verdict"] == "supported"
    assert found["effect"] == pytest.approx(0.6 - 0.36)
    turned = {(m, s, b): (1 - v[0], v[1]) for (m, s, b), v in VOTES.items()}
    assert verdicts(turned).loc["reasoning_floor", "gap"]["verdict"] == "opposite"


def test_diminishing_returns_sees_steady_growth_as_the_opposite():
    table = verdicts(n_problems=400).loc["diminishing_returns"]
    assert table.loc["last doubling", "effect"] == pytest.approx(0.1)
    assert table.loc["last doubling", "verdict"] == "opposite"
    assert table.loc["decline", "effect"] == pytest.approx(0.0, abs=1e-9)


def test_a_vote_of_two_does_not_make_the_gain_fall():
    # The exact curve of a vote that gains .040 per doubling at first and .052 at the end.
    curve = {1: 0.451, 2: 0.450, 4: 0.531, 8: 0.593, 16: 0.645}
    votes = {("thinker", "majority", b): (v, 100 * b) for b, v in curve.items()}
    found = verdicts({**VOTES, **votes}).loc["diminishing_returns", "decline"]
    assert found["effect"] == pytest.approx((0.531 - 0.451) / 2 - (0.645 - 0.593))
    odd = {1: 0.45, 3: 0.53, 5: 0.56, 7: 0.58, 15: 0.63}
    votes = {("thinker", "majority", b): (v, 100 * b) for b, v in odd.items()}
    found = verdicts(votes).loc["diminishing_returns", "decline"]
    expected = 0.08 / np.log2(3) - 0.05 / np.log2(15 / 7)
    assert found["effect"] == pytest.approx(expected)


def test_from_one_to_two_votes_is_no_doubling():
    few = {key: value for key, value in VOTES.items() if key[2] <= 2}
    table = verdicts(few)
    assert (table.loc["diminishing_returns", "verdict"] == "not tested").all()
    assert table.loc[("reasoning_floor", "gap"), "verdict"] == "not tested"


def test_rival_is_compared_at_equal_tokens_between_budgets():
    rival = {("thinker", "shortest", 8): (0.80, 300)}
    found = verdicts({**VOTES, **rival}, n_problems=400).loc["majority_robust", "shortest"]
    # 300 tokens buy a vote halfway between budgets 2 and 4
    assert found["effect"] == pytest.approx(0.80 - (0.7 + 0.8) / 2)
    assert found["verdict"] == "opposite"


def test_a_strategy_on_the_same_curve_is_no_better_for_costing_more():
    # Gains .05 per doubling; the judge pays three times as much and follows the same curve.
    def curve(tokens):
        return 0.5 + 0.05 * np.log2(tokens / 1000)

    votes = {("thinker", "majority", b): (curve(1000 * b), 1000 * b) for b in (1, 2, 4, 8)}
    judge = {("thinker", "judge_vote", b): (curve(3000 * b), 3000 * b) for b in (1, 2, 4, 8)}
    tables = {"evaluations": evaluations({**votes, **judge}), "outcomes": outcomes()}
    found = claims.build(tables, SETTINGS).set_index(["claim", "part"])
    found = found.loc["majority_robust", "judge_vote"]
    assert found["effect"] == pytest.approx(curve(6000) - (curve(4000) + curve(8000)) / 2)
    assert found["verdict"] in ("supported", "undecided")
    evidence = claim_evidence.build(tables, SETTINGS).set_index(["claim", "part"])
    row = evidence.loc["majority_robust", "judge_vote"]
    assert row["budget"] == 2 and row["held"] == "output tokens"


def test_beyond_the_dearest_vote_there_is_no_value_and_the_reason_says_so():
    judge = {("thinker", "judge_vote", b): (0.9, 3000 * b) for b in (1, 2)}
    table = verdicts({**VOTES, **judge})
    found = table.loc["majority_robust", "judge_vote"]
    assert found["verdict"] == "not tested" and "costs more output tokens" in found["reason"]
    thought = {("thinker", "single", 1): (0.9, 20_000)}
    found = verdicts({**VOTES, **thought}).loc["thinking_helps", "equal tokens"]
    assert found["verdict"] == "not tested" and "dearest" in found["reason"]


def test_without_recorded_tokens_no_sentence_says_equal_tokens():
    rivals = {("thinker", "shortest", b): (0.8, 100 * b) for b in (1, 2, 4)}
    table = evaluations({**VOTES, **rivals}).drop(
        columns=["cost_output_tokens", "cost_sequential_tokens"]
    )
    found = claims.build({"evaluations": table, "outcomes": outcomes()}, SETTINGS)
    assessed = found[(found["verdict"] != "not tested") & (found["claim"] == "majority_robust")]
    assert len(assessed) == 1
    for column in ("statement", "measure"):
        assert not assessed[column].str.contains("tokens").any()
        assert assessed[column].str.contains("equal numbers of samples").all()


def test_one_sample_is_no_strategy_of_its_own():
    # With one draw per model every choice is that draw: nothing was tested.
    lone = {key: value for key, value in VOTES.items() if key[2] == 1}
    table = verdicts({**lone, ("thinker", "shortest", 1): (0.6, 100)})
    assert (table.loc["majority_robust", "verdict"] == "not tested").all()
    assert table.loc[("reasoning_floor", "gap"), "verdict"] == "not tested"


def test_controls_are_no_rivals_and_the_rivals_are_named():
    more = {("thinker", s, 8): (0.1, 800) for s in ("worst_of_n", "longest", "abstaining")}
    more |= {("thinker", "shortest", 8): (0.5, 800)}
    table = verdicts({**VOTES, **more}).loc["majority_robust"]
    assert table.index.tolist() == ["shortest"]
    assert table["tested"].tolist() == ["1 strategy: Shortest of n"]


def test_oracles_are_no_rivals():
    table = verdicts({**VOTES, ("thinker", "coverage", 8): (0.99, 800)})
    assert "coverage" not in table.loc["majority_robust"].index


def test_features_improve_vote_reads_its_strategies():
    gain = {("thinker", "regression_weighted", 8): (0.95, 800)}
    table = verdicts({**VOTES, **gain}, n_problems=400).loc["features_improve_vote"]
    assert table.loc["regression_weighted", "verdict"] == "supported"
    assert table.loc["regression_weighted", "effect"] == pytest.approx(0.05)
    assert table.loc["marker_weighted", "verdict"] == "not tested"


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
    table = verdicts({**VOTES, **judged}, n_problems=400)
    found = table.loc["judged_best_of_n_degrades", "judge_best"]
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
    assert (table.loc[list(CLAIMS), "verdict"] == "not tested").all()


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
    assert kept["verdict"] == "opposite"


def test_chosen_claims_and_given_effects_are_used():
    settings = SETTINGS | {
        "claims": ["reasoning_floor"],
        "claim_settings": {
            "reasoning_floor": {"measure": "m", "unit": "u", "smallest_effect": 0.5}
        },
    }
    table = verdicts(settings=settings)
    assert table.index.tolist() == [("reasoning_floor", "gap")]
    assert table.loc["reasoning_floor", "gap"]["verdict"] == "too small"


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
    assert after["smallest_effect"] == 0.4 and after["verdict"] == "too small"
