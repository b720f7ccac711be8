import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc import registry
from itc.features import answers, composition, confidence, repetition
from itc.features._all import compute_features


def texts(*values):
    return pd.DataFrame({"text": pd.Series(values, dtype="str")})


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (r"so \boxed{42}", ["42"]),
        (r"\boxed{\frac{1}{2}}", ["\\frac12".replace("\\", "")]),
        ("The answer is 42.", ["42"]),
        ("the answer should be $x^2$", ["x^2"]),
        ("**Answer:** (B)", ["B"]),
        ("Answer: 1,024", ["1024"]),
        ("I will answer later, about 3 of them", []),
        ("the answers differ", []),
        (r"the answer is $\boxed{7}$", ["7"]),
        (r"answer is 5. No, the answer must be 6. \boxed{6}", ["5", "6", "6"]),
    ],
)
def test_statements(text, values):
    assert [value for _, value in answers.statements(text)] == values


def test_answer_features():
    text = "x" * 50 + "the answer is 5" + "y" * 35 + r" \boxed{6} \boxed{6}"
    row = answers.compute(texts(text)).iloc[0]
    assert row["f_answer_statements"] == 3 and row["f_answer_changes"] == 1
    assert row["f_answer_first_position"] == pytest.approx(54 / len(text))
    assert row["f_answer_settled_position"] == pytest.approx(text.index("\\boxed") / len(text))


def parts(text, end, thinking_tokens=None):
    """One response whose thinking part has ``end`` characters."""
    tokens = pd.array([thinking_tokens], dtype="Int32")
    cut = pd.array([end], dtype="Int32")
    return texts(text).assign(thinking_end=cut, n_thinking_tokens=tokens)


def test_answers_are_told_apart_by_part():
    thinking = "the answer is 5, no: the answer is 6 </think>"
    text = thinking + r" So \boxed{7}"
    row = answers.compute(parts(text, len(thinking))).iloc[0]
    assert row[list(answers.MEASURES)[:2]].tolist() == [3, 2]
    assert row["f_answer_statements_in_thinking"] == 2 and row["f_answer_changes_in_thinking"] == 1
    settled = thinking.rindex("answer") / len(thinking)
    assert row["f_answer_settled_position_in_thinking"] == pytest.approx(settled)
    assert row["f_answer_statements_in_answer"] == 1 and row["f_answer_changes_in_answer"] == 0
    assert row["f_answer_first_position_in_answer"] == pytest.approx(4 / len(r" So \boxed{7}"))


@pytest.mark.parametrize("module", [answers, composition, repetition])
def test_a_response_without_one_part_is_the_other(module):
    text = "the answer is 5 = x; " * 20
    plain = module.compute(parts(text, None)).iloc[0]
    unclosed = module.compute(parts(text, None, 9)).iloc[0]
    for column in (c for c in module.COLUMNS if f"{c}_in_answer" in module.COLUMNS):
        assert plain[f"{column}_in_answer"] == unclosed[f"{column}_in_thinking"] == plain[column]
        assert np.isnan(plain[f"{column}_in_thinking"])
        assert not unclosed[f"{column}_in_answer"] > 0


def test_an_answer_that_repeats_the_thinking_repeats_only_as_a_whole():
    words = np.random.default_rng(0).integers(0, 10**6, 2000).astype(str)
    thinking = "\u7b49 " + " ".join(words) + "</think> "
    row = repetition.compute(parts(thinking + " ".join(words), len(thinking))).iloc[0]
    assert row["f_repetition"] == pytest.approx(0.5, abs=0.05)
    assert row["f_repetition_in_thinking"] == row["f_repetition_in_answer"] == 0


def test_composition_of_the_parts():
    row = composition.compute(parts("\u7b49\u7b49 ab</think>\n\nx = 1\n", 13)).iloc[0]
    assert row["f_cjk_share_in_thinking"] == pytest.approx(2 / 9)
    assert row["f_cjk_share_in_answer"] == 0 and row["f_cjk_share"] == pytest.approx(2 / 10)
    assert row["f_equation_lines_share_in_thinking"] == 0
    assert row["f_equation_lines_share_in_answer"] == 1
    assert row["f_equation_lines_share"] == pytest.approx(1 / 2)


def test_no_statement_and_no_text():
    frame = answers.compute(texts("nothing", None))
    assert frame.iloc[0, 0] == 0 and frame.iloc[0, 1:4].isna().all()
    assert frame.iloc[1].isna().all()


def test_an_unclosed_box_is_read_to_its_limit_only():
    found = answers.statements(r"\boxed{" + "{" * 10_000)
    assert len(found) == 1 and len(found[0][1]) <= answers.MAX_BOX


def window_share(text):
    """Repeated windows, without hashes."""
    data = text.encode()
    blank = b" \t\n\r\x0b\x0c"
    starts = [
        i
        for i in range(len(data) - repetition.WINDOW + 1)
        if data[i] not in blank and (i == 0 or data[i - 1] in blank)
    ]
    seen, repeated = set(), 0
    for i in starts:
        window = data[i : i + repetition.WINDOW]
        repeated += window in seen
        seen.add(window)
    return repeated / len(starts) if starts else np.nan


@given(st.lists(st.sampled_from(["aa", "b", "wait \u00e9", "cc dd ee"]), max_size=120))
@settings(max_examples=150, deadline=None)
def test_every_window_looked_at_equals_the_plain_share(words):
    before = repetition.SAMPLE
    try:
        repetition.SAMPLE = 1
        found = repetition.repetition(" ".join(words))[0]
    finally:
        repetition.SAMPLE = before
    np.testing.assert_equal(found, window_share(" ".join(words)))


def test_sampled_share_is_near_the_plain_share():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 1000, 6000).astype(str)
    text = " ".join([*words, *words[:3000]])
    assert repetition.repetition(text)[0] == pytest.approx(window_share(text), abs=0.02)


def test_a_loop_scores_high_and_its_tail_higher():
    rng = np.random.default_rng(0)
    text = " ".join(rng.integers(0, 10**6, 2000).astype(str)) + " wait, let me check again." * 300
    whole, tail = repetition.repetition(text)[:2]
    assert repetition.repetition(text[:10_000])[0] == 0
    assert 0.2 < whole < 0.7 and tail > 0.95


def test_composition():
    row = composition.compute(texts("ab \u7b49\u7b49\n\nx = 1\n")).iloc[0]
    assert row["f_cjk_share"] == row["f_foreign_share"] == pytest.approx(2 / 5)
    assert row["f_equation_lines_share"] == pytest.approx(1 / 2)
    assert row["f_symbol_share"] == pytest.approx(2 / 7)
    greek = composition.compute(texts("\u03c0 \u0434 a")).iloc[0]
    assert greek["f_foreign_share"] == pytest.approx(1 / 2) and greek["f_cjk_share"] == 0
    assert composition.compute(texts(None, "")).isna().all(axis=None)


def test_confidence_reads_what_was_recorded():
    frame = pd.DataFrame(
        {
            "finish_reason": ["length", "stop", None],
            "n_output_tokens": [10, 0, 5],
            "cumulative_logprob": [-5.0, 0.0, np.nan],
            "mean_entropy": [0.5, np.nan, 0.1],
        }
    )
    found = confidence.compute(frame)
    np.testing.assert_equal(found["f_truncated"].to_numpy(), [1.0, 0.0, np.nan])
    np.testing.assert_equal(found["f_mean_logprob"].to_numpy(), [-0.5, np.nan, np.nan])
    np.testing.assert_equal(found["f_mean_entropy"].to_numpy(), [0.5, np.nan, 0.1])
    assert found["f_confidence_mean"].isna().all()


def test_every_feature_keeps_its_contract():
    frame = texts("Wait, the answer is 3.", None, "").assign(n_output_tokens=[7, 1, 0])
    frame.index = [5, 3, 9]
    found = compute_features(frame)
    assert found.index.tolist() == [5, 3, 9]
    assert all(kind == np.float64 for kind in found.dtypes) and not np.isinf(found.to_numpy()).any()
    columns = [c for n in registry.names("features") for c in registry.load("features", n).COLUMNS]
    assert found.columns.tolist() == columns
    assert all(column.startswith("f_") for column in columns)
