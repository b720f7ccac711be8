"""Recordings become tables; what they do not say stays null, what contradicts is refused."""

import gzip
import json

import pytest
from itc import tables
from itc.importing import ImportRefusedError, import_recording

DATASET = {
    "name": "mine",
    "recorded_as": "theirs",
    "answer_type": "math",
    "licence": "CC0",
}
MODEL = {"name": "m", "recorded_as": "M|x=1", "thinking": ["<think>", "</think>"]}
SPEC = {"format": "jsonl", "sha256": None, "columns": {}, "exclude": []}


def row(index=0, **changes):
    return {
        "source": "nobody",
        "dataset": "theirs",
        "problem_id": 7,
        "question": "1 + 1?" if index == 0 else None,
        "gold": "2",
        "model": "M|x=1",
        "sample_index": index,
        "response_text": "<think>hm</think>\\boxed{2}",
        "n_output_tokens": 9,
        "correct": True,
        "source_extracted_answer": "2",
        "extra": {"at_cap": False, "finish_reason": "UNKNOWN", "opening": "Okay"},
        **changes,
    }


@pytest.fixture
def recording(tmp_path):
    def write(rows, name="r.jsonl.gz"):
        path = tmp_path / name
        opener = gzip.open if name.endswith(".gz") else open
        with opener(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(r) + "\n" for r in rows)
        return path

    return write


def load(path, **spec):
    return import_recording(path, {**SPEC, **spec}, [DATASET], [MODEL])


def test_rows_pass_the_schemas(recording, tmp_path):
    problems, responses = load(recording([row(0), row(1, extra={"at_cap": True})]))
    tables.write(problems["mine"], "datasets", tmp_path / "p.parquet")
    tables.write(responses["mine", "m"], "responses", tmp_path / "r.parquet")
    back = tables.read(tmp_path / "r.parquet", "responses")
    assert list(back["problem_id"]) == ["7", "7"]
    assert back["finish_reason"].isna().tolist() == [True, False]
    assert back["finish_reason"][1] == "length"
    assert list(back["thinking_end"]) == [17, 17]
    assert back["n_prompt_tokens"].isna().all()
    assert json.loads(back["condition"][0])["opening"] == "Okay"


def test_missing_text_stays_missing(recording):
    _, responses = load(recording([row(0, response_text=None, n_output_tokens=None)]))
    frame = responses["mine", "m"]
    assert frame["text"].isna().all()
    assert frame["n_output_tokens"].isna().all()
    assert frame["thinking_end"].isna().all()


def test_excluded_rows_are_left_out(recording):
    path = recording([row(0), row(1), row(2)])
    _, responses = load(path, exclude=[{"sample_index": [1, 2], "extra.opening": "Okay"}])
    assert list(responses["mine", "m"]["draw"]) == [0]


def test_renamed_columns(recording):
    rows = [{**row(0), "sample": 4}]
    del rows[0]["sample_index"]
    _, responses = load(recording(rows), columns={"sample_index": "sample"})
    assert list(responses["mine", "m"]["draw"]) == [4]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0, model="other")], "no response of model .m..*other"),
        ([row(0), row(1, gold="3")], "two golds: '2' and '3'"),
        ([{"dataset": "theirs"}], r"row 1 has no column \['problem_id'"),
    ],
)
def test_unusable_recordings_are_refused(recording, rows, message):
    with pytest.raises(ImportRefusedError, match=message):
        load(recording(rows))


def test_checksum_is_verified(recording):
    with pytest.raises(ImportRefusedError, match="expects 00"):
        load(recording([row(0)]), sha256="00")


@pytest.mark.parametrize("damage", ["truncate", "garbage"])
def test_damaged_file_is_named(recording, damage):
    path = recording([row(i) for i in range(50)])
    data = path.read_bytes()
    if damage == "truncate":
        path.write_bytes(data[: len(data) // 2])
    else:
        path = path.with_suffix("")
        path.write_text('{"dataset": "theirs"\n')
    with pytest.raises(ValueError, match=rf"{path.name}: line \d+"):
        load(path)
