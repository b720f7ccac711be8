import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.features import _all, length, markers
from itc.features._text import count_characters, count_paragraphs, count_words, split_parts

TEXT = "<think>Wait, maybe 2.\n\nSo 3?</think>\n\nTherefore it is 3."
END = TEXT.index("</think>") + len("</think>")


def responses(*rows):
    columns = ["text", "thinking_end", "n_output_tokens", "n_thinking_tokens"]
    return pd.DataFrame(rows, columns=columns, index=range(10, 10 + len(rows))).astype(
        {"text": "str", "thinking_end": "Int32"}
    )


@given(st.lists(st.one_of(st.none(), st.text(alphabet="ab \n\t\u00e9\u4e2d\u3000", max_size=30))))
@settings(max_examples=200, deadline=None)
def test_counts_of_words_and_characters_equal_python(texts):
    series = pl.Series(texts, dtype=pl.String)
    words = [np.nan if t is None else len(t.encode().split()) for t in texts]
    characters = [np.nan if t is None else len(t) for t in texts]
    np.testing.assert_array_equal(count_words(series), np.array(words, float))
    np.testing.assert_array_equal(count_characters(series), np.array(characters, float))


@pytest.mark.parametrize(
    ("text", "n"), [("", 0), ("a", 1), ("\n\na\nb\n\n", 1), ("a\n\nb\n \n\nc", 3), (" \n", 0)]
)
def test_paragraphs(text, n):
    assert count_paragraphs(pl.Series([text])).tolist() == [n]


def test_parts_split_behind_the_delimiter_in_characters():
    accents = "\u00e9\u4e2d" + TEXT
    parts = split_parts(responses((accents, END + 2, 20, 10)))
    assert parts.answer[0] == "\n\nTherefore it is 3."
    assert parts.thinking[0] + parts.answer[0] == accents


def test_unclosed_thinking_is_all_thinking_and_none_is_all_answer():
    parts = split_parts(
        responses(("a b", None, 3, 3), ("a b", None, 3, None), (None, None, 3, None))
    )
    assert parts.thinking.to_list() == ["a b", "", None]
    assert parts.answer.to_list() == ["", "a b", None]
    assert parts.has_thinking.tolist() == [True, False, False]


def test_length_columns():
    row = length.compute(responses((TEXT, END, 20, 15))).iloc[0]
    assert tuple(row.index) == length.COLUMNS
    assert row["f_words"] == 9 and row["f_words_in_thinking"] == 5
    assert row["f_tokens_in_answer"] == 5 and row["f_thinking_share"] == 0.75
    assert row["f_log_tokens"] == pytest.approx(np.log(20))
    assert row["f_characters"] == len(TEXT) and row["f_paragraphs"] == 3
    assert row["f_characters_in_thinking"] == END and row["f_paragraphs_in_thinking"] == 2
    assert row["f_characters_in_answer"] == len(TEXT) - END and row["f_paragraphs_in_answer"] == 1


def test_thinking_share_falls_back_to_characters():
    row = length.compute(responses((TEXT, END, 20, None))).iloc[0]
    assert row["f_thinking_share"] == pytest.approx(END / len(TEXT))


def test_markers_by_region():
    row = markers.compute(responses((TEXT, END, 20, 15))).iloc[0]
    assert tuple(row.index) == markers.COLUMNS
    assert row["f_hedging_count"] == row["f_hedging_count_in_thinking"] == 1
    assert row["f_thinking_per_1000_words"] == pytest.approx(1000 / 9)
    assert row["f_thinking_per_1000_tokens_in_thinking"] == pytest.approx(1000 / 15)
    assert row["f_discourse_count"] == 2 and row["f_discourse_count_in_answer"] == 1
    assert row["f_discourse_distinct"] == 2
    assert row["f_discourse_diversity"] == pytest.approx(2 / np.sqrt(2))
    assert row["f_discourse_conclusion_count"] == 2 and row["f_discourse_cause_count"] == 0


def test_one_marker_left_out_is_not_counted():
    row = markers.compute(responses((TEXT + " Wait, hmm.", END, 20, 15))).iloc[0]
    assert row["f_thinking_per_1000_words"] == pytest.approx(3000 / 11)
    assert row["f_thinking_without_wait_per_1000_words"] == pytest.approx(1000 / 11)
    assert row["f_thinking_without_hmm_per_1000_words"] == pytest.approx(2000 / 11)
    assert row["f_thinking_without_let_me_try_per_1000_words"] == pytest.approx(3000 / 11)
    assert row["f_thinking_without_frequent_per_1000_words"] == 0


def test_no_text_is_missing_not_zero():
    frame = markers.compute(responses((None, None, 20, None), ("", None, 20, None)))
    assert frame.iloc[0].isna().all()
    assert frame["f_hedging_count"].iloc[1] == 0
    assert np.isnan(frame["f_hedging_per_1000_words"].iloc[1])


def test_chunks_change_nothing_and_keep_the_index(monkeypatch):
    rows = [(TEXT * n, END, 20 * n, 15) for n in range(1, 8)] + [(None, None, 1, None)]
    frame = responses(*rows)
    whole = _all.compute_features(frame, ["length", "markers"])
    monkeypatch.setattr(_all, "CHUNK_CHARACTERS", 100)
    chunks = list(_all._chunks(frame))
    longest = frame["text"].str.len().max()
    assert len(chunks) > 3
    assert all(chunk["text"].str.len().sum() <= 100 + longest for chunk in chunks)
    pd.testing.assert_frame_equal(_all.compute_features(frame, ["length", "markers"]), whole)
    assert whole.index.equals(frame.index)


def test_responses_without_text_column_give_tokens_only():
    frame = _all.compute_features(responses(("x", None, 7, None)).drop(columns="text"), ["length"])
    assert frame["f_tokens"].tolist() == [7.0] and frame["f_words"].isna().all()


def test_two_features_with_one_column_are_refused(monkeypatch):
    monkeypatch.setattr(markers, "COLUMNS", ("f_words",))
    with pytest.raises(ValueError, match="'length' and 'markers' both make column 'f_words'"):
        _all.compute_features(responses(("x", None, 7, None)), ["length", "markers"])
