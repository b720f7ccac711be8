"""Recordings become tables; what they do not say stays null, what contradicts is refused."""

import gzip
import json

import pandas as pd
import pytest
import zstandard
from itc import tables
from itc.archive._rows import ImportRefusedError
from itc.config import root
from itc.features._all import compute_features
from itc.grading._grade import grade
from itc.importing import import_recording
from transformers import AutoTokenizer

DATASET = {
    "name": "mine",
    "recorded_as": "theirs",
    "answer_type": "math",
    "licence": "CC0",
}
MODEL = {"name": "m", "recorded_as": "M|x=1", "thinking": ["<think>", "</think>"]}
TYPE = {"answer_type": "math", "metadata": "{}"}
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


def load(path, model=MODEL, **spec):
    """Problems and responses, each by name, as the tables they become."""
    with import_recording(path, {**SPEC, **spec}, [DATASET], [model]) as imported:
        frames = {cell: pd.concat(imported.frames(cell)) for cell in imported.cells}
        return imported.problems, frames


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


def test_zstd_is_read_and_its_truncation_named(recording, tmp_path):
    plain = recording([row(i) for i in range(50)], "r.jsonl")
    data = zstandard.ZstdCompressor().compress(plain.read_bytes())
    packed = tmp_path / "r.jsonl.zst"
    packed.write_bytes(data)
    assert len(load(packed)[1]["mine", "m"]) == 50
    packed.write_bytes(data[:-40])
    with pytest.raises(ValueError, match=r"r\.jsonl\.zst: line \d+"):
        load(packed)


def test_bytes_do_not_depend_on_the_order_of_the_recording(recording, tmp_path):
    rows = [row(i, problem_id=p, question="?") for i in range(4) for p in ("b", "a", "c")]
    for name, order in (("one", rows), ("two", rows[::-1])):
        path = recording(order, f"{name}.jsonl")
        with import_recording(path, SPEC, [DATASET], [MODEL]) as imported:
            tables.write_groups(imported.frames(("mine", "m")), "responses", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    back = tables.read(tmp_path / "one", "responses")
    assert list(zip(back["problem_id"], back["draw"], strict=True)) == [
        (p, d) for p in "abc" for d in range(4)
    ]


def test_a_repeated_draw_is_named(recording):
    with pytest.raises(ImportRefusedError, match=r"'m' on 'mine': problem '7' has draw 1 twice"):
        load(recording([row(0), row(1), row(1)]))


def test_several_files_are_one_recording(recording):
    paths = [recording([row(i)], f"part-{i}.jsonl") for i in range(3)]
    with import_recording(paths, SPEC, [DATASET], [MODEL]) as imported:
        assert imported.count(("mine", "m")) == 3
    with pytest.raises(ImportRefusedError, match=r"names no checksum of 'part-0\.jsonl'"):
        import_recording(paths, {**SPEC, "sha256": {"other": "00"}}, [DATASET], [MODEL])


def test_thinking_kept_apart_is_put_before_the_answer(recording):
    model = {**MODEL, "thinking": None}
    _, responses = load(
        recording(
            [
                row(0, response_text="Answer: 2", thinking_text="hm"),
                row(1, response_text="", thinking_text="endless", finish_reason="max_tokens"),
                row(2, response_text="Answer: 2", n_thinking_tokens=8),
            ]
        ),
        model,
    )
    frame = responses["mine", "m"]
    assert list(frame["text"]) == ["<think>hm</think>Answer: 2", "<think>endless", "Answer: 2"]
    assert frame["thinking_end"].tolist() == [17, 14, 0]
    assert frame["finish_reason"][1] == "length"
    graded = grade(frame, pd.DataFrame([{"problem_id": "7", "gold": "2", **TYPE}]))
    assert list(graded["verdict"]) == ["right", "wrong", "right"]
    features = compute_features(frame, ["length"])
    assert features["f_words_in_answer"].tolist() == [2, 0, 2]
    assert features["f_words_in_thinking"].isna().tolist() == [False, False, True]


def test_thinking_tokens_counted_apart_are_added(recording):
    path = recording([row(0, n_thinking_tokens=100), row(1, n_thinking_tokens=None)])
    _, responses = load(path, thinking_tokens_apart=["M|x=1"])
    assert list(responses["mine", "m"]["n_output_tokens"]) == [109, 9]


def test_settings_inside_objects_are_kept_under_dotted_names(recording):
    extra = {"config": {"temperature": 0.6, "stop": ["x"]}, "seed": 3, "none": None}
    _, responses = load(recording([row(0, extra=extra)]))
    condition = json.loads(responses["mine", "m"]["condition"][0])
    assert condition == {"config.temperature": 0.6, "seed": 3}


def test_without_text_the_recorded_answer_is_graded(recording):
    rows = [
        row(0, response_text=None, source_extracted_answer=" 2 "),
        row(1, response_text=None, source_extracted_answer="3"),
        row(2, response_text=None, source_extracted_answer=None),
        row(3, response_text="so \\boxed{2}", source_extracted_answer="3"),
    ]
    _, responses = load(recording(rows))
    frame = responses["mine", "m"]
    graded = grade(frame, pd.DataFrame([{"problem_id": "7", "gold": "2", **TYPE}]))
    assert list(graded["verdict"]) == ["right", "wrong", "undecided", "right"]
    assert list(graded["answer_how"]) == ["source", "source", "none", "boxed"]
    assert graded["cause"][2] == "no_text"


def test_tokens_are_counted_only_where_unknown_and_with_the_tokenizer_named(recording):
    folder = str(root() / "models/tiny-reasoner")
    text = "<think>7 + 8</think>15"
    path = recording([row(0), row(1, n_output_tokens=None, response_text=text)])
    _, responses = load(path, tokenizer=folder)
    known, counted = responses["mine", "m"].to_dict("records")
    assert known["n_output_tokens"] == 9 and "tokens_counted_with" not in known["condition"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert counted["n_output_tokens"] == len(tokenizer.encode(text, add_special_tokens=False))
    assert 0 < counted["n_thinking_tokens"] < counted["n_output_tokens"]
    assert json.loads(counted["condition"])["tokens_counted_with"] == folder
    with pytest.raises(ValueError, match="tokenizer: '/nowhere/at/all' cannot be loaded"):
        load(path, tokenizer="/nowhere/at/all")


def test_text_that_utf8_cannot_hold_is_kept_as_far_as_it_can(recording, tmp_path):
    path = recording([row(0, response_text="a \ud83d b", source_extracted_answer="\udc00")])
    _, responses = load(path)
    tables.write(responses["mine", "m"], "responses", tmp_path / "r.parquet")
    assert tables.read(tmp_path / "r.parquet", "responses")["text"][0] == "a ? b"


@pytest.mark.parametrize(
    ("column", "value"), [("n_output_tokens", "many"), ("sample_index", 0.5), ("correct", "yes")]
)
def test_values_of_another_kind_are_named_by_row(recording, column, value):
    with pytest.raises(ImportRefusedError, match=rf"jsonl\.gz: row 2: {column} is {value!r}"):
        load(recording([row(0), row(1, **{column: value})]))


def test_problems_may_come_from_a_loader_of_their_own(recording):
    path = recording([row(0, question=None)])
    with pytest.raises(ImportRefusedError, match="1 problems of 'mine' have no question"):
        load(path)
    own = {**DATASET, "loader": "local"}
    with import_recording(path, SPEC, [own], [MODEL]) as imported:
        assert imported.problems == {} and imported.count(("mine", "m")) == 1
