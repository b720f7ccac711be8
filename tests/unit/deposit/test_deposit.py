"""What an archive holds, what it must not hold, and what comes out of it again."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from itc import tables
from itc.deposit.replay import replay
from itc.deposit.seal import seal_outcomes, text_hash
from itc.deposit.store import read_manifest
from itc.deposit.write import write_archive
from itc.report.context import Context
from itc.report.sections import explorer
from itc.strategies._mixture import mix
from itc.strategies._pool import build_pools

SHARD = "responses/quarry/m-one/sample/000.parquet"
HELD = {"dataset": "quarry", "model": "m-one"}


def unpacked(tar, folder):
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xf", tar, "-C", folder], check=True)
    return folder / "small-archive"


def strings(folder):
    """Every string an archive holds: whole texts, and the cells of its tables."""
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for column in table.columns:
                if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                    yield from (value for value in column.to_pylist() if value is not None)
        elif path.is_file():
            yield path.read_text()


def replayed(tar, tmp_path, entry):
    read_manifest.cache_clear()
    target = tmp_path / "replayed" / "table.parquet"
    replay(tar, {str(target): entry})
    return target


def test_two_writes_give_equal_bytes(archive, study, tmp_path):
    first = archive().read_bytes()
    again = tmp_path / "elsewhere" / "small-archive.tar"
    write_archive(study(), again)
    assert again.read_bytes() == first
    assert [path.name for path in again.parent.iterdir()] == [again.name]


@pytest.mark.parametrize("options", [{}, {"text": "hash"}, {"text": "drop"}, {"withheld": True}])
def test_no_owner_no_time_and_all_is_in_the_manifest(archive, options):
    with tarfile.open(archive(**options)) as tar:
        members = tar.getmembers()
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {
        (0, 0, 0, "", "", 0o644)
    }
    manifest, _ = read_manifest.__wrapped__(archive(**options))
    names = {m.name.removeprefix("small-archive/") for m in members}
    assert names == {"manifest.json", *manifest.files}


def test_kept_responses_come_back_to_the_byte(archive, study, tmp_path):
    original = study().responses[0].path
    target = replayed(archive(), tmp_path, {"table": "responses", "file": SHARD, **HELD})
    assert target.read_bytes() == Path(original).read_bytes()


def test_a_renamed_model_is_renamed_in_its_rows(archive, tmp_path):
    entry = {"table": "responses", "file": SHARD, "dataset": "quarry", "model": "other"}
    frame = tables.read(replayed(archive(), tmp_path, entry), "responses")
    assert set(frame["model"]) == {"other"}
    assert frame["text"].notna().all()


@pytest.mark.parametrize(("text", "hashed"), [("hash", True), ("drop", False)])
def test_sealed_responses_hold_no_text(archive, study, tmp_path, text, hashed):
    original = tables.read(study().responses[0].path, "responses")
    tar = archive(text=text)
    folder = unpacked(tar, tmp_path / "unpacked")
    assert not [s for s in strings(folder) if "I say" in s or "-999" in s]
    sealed = tables.read(folder / SHARD, "sealed_responses")
    expected = [hashlib.sha256(t.encode()).hexdigest() for t in original["text"]]
    assert list(sealed["text_sha256"].fillna("")) == (expected if hashed else [""] * len(expected))
    # The problems may be handed on.
    assert set(tables.read(folder / "datasets/quarry.parquet", "datasets")["gold"].str[1:]) == {
        "4711"
    }
    entry = {"table": "sealed_responses", "file": SHARD, **HELD}
    given = tables.read(replayed(tar, tmp_path, entry), "responses")
    assert given["text"].isna().all() and given["source_answer"].isna().all()
    assert list(given["n_output_tokens"]) == list(original["n_output_tokens"])


@pytest.mark.parametrize("text", ["keep", "hash", "drop"])
def test_a_withheld_dataset_is_in_no_file_of_the_archive(archive, tmp_path, text):
    tar = archive(text=text, withheld=True)
    folder = unpacked(tar, tmp_path / "unpacked")
    found = list(strings(folder))
    assert "p1" in found  # ids are held, so cells were read
    assert not [s for s in found if "quarry number" in s or "4711" in s or "-999" in s]
    assert b"4711" not in tar.read_bytes()
    problems = tables.read(folder / "datasets/quarry.parquet", "withheld_problems")
    first = "How many stones does quarry number 0 hold?"
    assert problems["question_sha256"][0] == hashlib.sha256(first.encode()).hexdigest()
    whole = json.dumps([first, "04711", '{"data": {"copy": "04711"}}'], ensure_ascii=False)
    assert problems["problem_sha256"][0] == hashlib.sha256(whole.encode()).hexdigest()
    entry = {"table": "withheld_problems", "file": "datasets/quarry.parquet"}
    given = tables.read(replayed(tar, tmp_path, entry), "datasets")
    assert given["question"].isna().all() and given["gold"].isna().all()
    assert list(given["problem_id"]) == ["p0", "p1", "p2"]


def test_short_texts_of_withheld_problems_cannot_be_found_by_trying(archive, study, tmp_path):
    folder = unpacked(archive(withheld=True), tmp_path / "unpacked")
    sealed = tables.read(folder / SHARD, "sealed_responses")
    original = tables.read(study().responses[0].path, "responses")
    bare = {hashlib.sha256(text.encode()).hexdigest() for text in original["text"]}
    assert not bare & set(sealed["text_sha256"])
    question = "How many stones does quarry number 0 hold?"
    assert sealed["text_sha256"][0] == text_hash(original["text"][0], question)


def test_sealed_outcomes_keep_all_but_the_answers(archive, study, tmp_path):
    original = tables.read(study().outcomes["quarry", "m-one"], "outcomes")
    entry = {"table": "outcomes", "file": "outcomes/quarry/m-one.parquet", **HELD}
    found = tables.read(replayed(archive(text="drop"), tmp_path, entry), "outcomes")
    changed = ["answer", "source_answer", "condition"]
    pd.testing.assert_frame_equal(found.drop(columns=changed), original.drop(columns=changed))
    assert found["condition"].isna().all()


def test_labels_tell_which_answers_are_the_same_across_models():
    def frame(model, answers):
        return pd.DataFrame(
            {
                "dataset": "d",
                "model": model,
                "procedure": "sample",
                "problem_id": ["p", "p", "p", "q"],
                "draw": [0, 1, 2, 0],
                "round": 0,
                "answer": answers,
                "source_answer": None,
                "answer_class": [0, 1, -1, 0],
                "verdict": "wrong",
            }
        )

    frames = {"b": frame("b", ["9", "7 ", None, "9"]), "a": frame("a", ["7", "8", None, "8"])}
    sealed = seal_outcomes(frames)
    assert sealed["a"]["answer"].fillna("").tolist() == ["answer 1", "answer 2", "", "answer 1"]
    assert sealed["b"]["answer"].fillna("").tolist() == ["answer 3", "answer 1", "", "answer 2"]


def test_models_can_still_be_voted_together(study):
    """Wrong answers of two models are matched by their text: by their label just as well."""
    frames = {m: tables.read(p, "outcomes") for (_, m), p in study().outcomes.items()}

    def codes(found):
        return mix(build_pools(pd.concat(found), "sample", seed=1)).codes.tolist()

    expected = codes(frames.values())
    assert codes(seal_outcomes(frames).values()) == expected
    assert codes([frame.assign(answer=None) for frame in frames.values()]) != expected


def test_the_explorer_shows_no_response_whose_text_is_not_held():
    examples = pd.DataFrame({"dataset": ["d"], "model": ["m"], "text": [None]})
    assert explorer.build(Context(tables={}, provenance={}, examples=examples)) is None
