import pandas as pd
from itc import tables
from itc.analyses import dataset_cards

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def problems(dataset, questions, golds, source):
    return pd.DataFrame(
        {
            "dataset": dataset,
            "problem_id": [f"{i}" for i in range(len(questions))],
            "question": questions,
            "gold": golds,
            "answer_type": "math",
            "subject": ["algebra"] * (len(questions) - 1) + ["geometry"],
            "difficulty": 1.0,
            "source": source,
        }
    )


def test_cards_name_counts_source_revision_and_duplicates_within_and_between():
    first = problems(
        "first",
        ["What is $1+1$?", "what is 1+1", "Other", "Only here"],
        ["2", "2", "3", "5"],
        f"org/first@{COMMIT}",
    )
    second = problems("second", ["OTHER!", "Alone, too"], ["4", "6"], "a@b.jsonl")
    settings = {
        "datasets": {
            "first": {"title": "First", "licence": "MIT"},
            "second": {"title": "Second", "licence": "unknown"},
        }
    }
    frame = dataset_cards.build({"datasets": pd.concat([first, second])}, settings)
    tables.to_arrow(frame, "dataset_cards")
    cards = frame.set_index("dataset")
    one, two = cards.loc["first"], cards.loc["second"]
    assert one[["n_problems", "answer_type", "n_subjects", "licence"]].tolist() == [
        4, "math", 2, "MIT",
    ]  # fmt: skip
    assert one["question_characters_median"] == 10.0
    assert one["question_characters_max"] == 14
    names = ["n_duplicates", "n_duplicates_within", "n_duplicates_between", "duplicates_in"]
    assert one[names].tolist() == [3, 2, 1, "second"]
    assert two[names].tolist() == [1, 0, 1, "first"]
    assert one["n_duplicates_conflicting"] == 1  # Other: 3 there, 4 here
    assert (one["source"], one["revision"]) == ("org/first", COMMIT)
    assert two["source"] == "a@b.jsonl"
    assert pd.isna(two["revision"])


def test_a_study_without_duplicates_says_so():
    frame = dataset_cards.build(
        {"datasets": problems("only", ["One?", "Two?"], ["1", "2"], "x.csv")},
        {"datasets": {"only": {"title": "Only", "licence": "MIT"}}},
    )
    row = frame.iloc[0]
    assert row["n_duplicates"] == row["n_duplicates_conflicting"] == 0
    assert pd.isna(row["duplicates_in"])
