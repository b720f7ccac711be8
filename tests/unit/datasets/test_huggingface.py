import base64
import hashlib
import io
import json
import pickle
import re
import sys
import zlib
from pathlib import Path

import pandas as pd
import pytest
import yaml
from itc.datasets._load import load_dataset
from itc.datasets._problems import DatasetError

sys.path.insert(0, str(Path(__file__).parent))
from loopback_hub import COMMIT, Hub

ROOT = Path(__file__).resolve().parents[3]


def jsonl(rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def parquet(rows):
    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer)
    return buffer.getvalue()


MATH = jsonl(
    [
        {"unique_id": f"test/{i}.json", "problem": f"What is {i}?", "answer": i, "level": i % 5 + 1}
        for i in range(6)
    ]
)
MORE = jsonl(
    [{"unique_id": f"more/{i}", "problem": f"And {i}?", "answer": i, "level": 1} for i in range(2)]
)
TESTS = [{"input": "1\n", "output": "2", "testtype": "stdin"}]


def packed(tests):
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


FILES = {
    ("org/math", "test.jsonl"): MATH,
    ("org/math", "more.jsonl"): MORE,
    ("org/gated", "diamond.csv"): (
        "Record ID,Question,Correct Answer,"
        "Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n"
        + "\n".join(f"r{i},Question {i}?,yes{i},no{i},never{i},maybe{i}" for i in range(8))
    ).encode(),
    ("org/gsm", "main/test.parquet"): parquet(
        {"question": ["How many?", "How much?"], "answer": ["one #### 1,234", "two\n#### 7"]}
    ),
    ("org/pro", "test.parquet"): parquet(
        {
            "question_id": [1, 2],
            "question": ["Which?", "Which other?"],
            "options": [["a", "b", "c"], ["d", "e"]],
            "answer": ["C", "A"],
        }
    ),
    ("org/code", "test.jsonl"): jsonl(
        {
            "question_id": f"q{month}",
            "question_content": f"Add one, {month}.",
            "contest_date": f"2024-{month:02d}-15T00:00:00",
            "starter_code": "",
            "public_test_cases": json.dumps(TESTS),
            "private_test_cases": packed(TESTS * 2),
            "metadata": "{}",
        }
        for month in range(1, 13)
    ),
}


@pytest.fixture
def hub(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    with Hub(FILES, gated=["org/gated"]) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def spec(repo, files, **more):
    return {
        "title": repo,
        "loader": "huggingface",
        "answer_type": "math",
        "repo": repo,
        "revision": COMMIT,
        "files": files,
        **more,
    }


COLUMNS = {"problem_id": "unique_id", "question": "problem", "gold": "answer"}


def test_maps_columns_at_a_pinned_revision_and_checks_the_checksum(hub, tmp_path):
    digest = hashlib.sha256(MATH).hexdigest()
    entry = spec(
        "org/math",
        ["test.jsonl"],
        columns={**COLUMNS, "difficulty": "level"},
        sha256={"test.jsonl": digest},
    )
    frame = load_dataset(entry, tmp_path)
    assert list(frame["gold"]) == [str(i) for i in range(6)]
    assert frame["difficulty"].tolist() == [1, 2, 3, 4, 5, 1]
    assert frame["source"].unique().tolist() == [f"org/math@{COMMIT}"]
    assert any(COMMIT in path for _, path in hub.requests)
    with pytest.raises(DatasetError, match=f"has sha256 {digest}, expected 00"):
        load_dataset({**entry, "sha256": {"test.jsonl": "00"}}, tmp_path)


def test_a_second_load_takes_the_cache(hub, tmp_path):
    entry = spec("org/math", ["test.jsonl"], columns=COLUMNS)
    load_dataset(entry, tmp_path)
    before = len([1 for method, _ in hub.requests if method == "GET"])
    load_dataset(entry, tmp_path)
    assert len([1 for method, _ in hub.requests if method == "GET"]) == before


def test_a_branch_is_warned_about_and_its_commit_recorded(hub, tmp_path, caplog):
    entry = spec("org/math", ["test.jsonl", "more.jsonl"], columns=COLUMNS)
    frame = load_dataset({**entry, "revision": "main"}, tmp_path)
    assert (
        f"'main' is no commit hash, so its content may change; this run read commit {COMMIT}"
        in (caplog.text)
    )
    assert frame["source"].unique().tolist() == [f"org/math@{COMMIT}"]
    # one commit for all files, although the branch may move between two downloads
    asked = {path.split("/resolve/")[1] for method, path in hub.requests if method == "GET"}
    assert asked == {"main/test.jsonl", f"{COMMIT}/more.jsonl"}


def test_each_file_has_its_own_checksum_and_the_log_names_what_to_pin(hub, tmp_path, caplog):
    caplog.set_level("INFO")
    sums = {"test.jsonl": hashlib.sha256(MATH).hexdigest()}
    entry = spec("org/math", ["test.jsonl", "more.jsonl"], columns=COLUMNS, sha256=sums)
    assert len(load_dataset(entry, tmp_path)) == 8
    more = hashlib.sha256(MORE).hexdigest()
    assert f"sha256 of more.jsonl is {more}" in caplog.text
    assert "sha256 of test.jsonl" not in caplog.text
    with pytest.raises(DatasetError, match=r"more.jsonl has sha256 .*, expected ff.*pin the new"):
        load_dataset({**entry, "sha256": {**sums, "more.jsonl": "ff"}}, tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (spec("org/none", ["x.jsonl"]), "does not exist, or is private"),
        (spec("org/math", ["x.jsonl"]), "has no file 'x.jsonl'"),
        ({**spec("org/math", ["test.jsonl"]), "revision": "f" * 40}, "has no revision"),
        (spec("org/math", ["test.jsonl"]), "column 'question'.* is missing; the columns are: uni"),
        (spec("org/math", ["test.jsonl"], columns={"questoin": "x"}), "columns.questoin"),
    ],
)
def test_errors_name_what_is_wrong(hub, tmp_path, entry, message):
    with pytest.raises(DatasetError, match=message):
        load_dataset(entry, tmp_path)


def test_a_gated_repository_asks_for_the_token(hub, tmp_path, monkeypatch):
    entry = spec(
        "org/gated",
        ["diamond.csv"],
        answer_type="choice",
        columns={"problem_id": "Record ID", "question": "Question"},
        choices_from={
            "correct": "Correct Answer",
            "incorrect": [f"Incorrect Answer {i}" for i in (1, 2, 3)],
        },
        shuffle_seed=3,
    )
    with pytest.raises(DatasetError, match=r"is gated: accept its conditions.*HF_TOKEN \(none is"):
        load_dataset(entry, tmp_path)
    monkeypatch.setenv("HF_TOKEN", "right")
    frame = load_dataset(entry, tmp_path)
    for i, row in frame.iterrows():
        metadata = json.loads(row["metadata"])
        assert metadata["choices"]["ABCD".index(row["gold"])] == f"yes{i}"
        assert metadata["shuffle_seed"] == 3
        assert f"{row['gold']}) yes{i}" in row["question"]
    assert frame["gold"].nunique() > 1
    pd.testing.assert_frame_equal(frame, load_dataset(entry, tmp_path))
    assert list(load_dataset({**entry, "shuffle_seed": 4}, tmp_path)["gold"]) != list(frame["gold"])
    # the order of one problem does not depend on which others are there
    alone = load_dataset({**entry, "where": {"Record ID": "r5"}}, tmp_path)
    assert alone["gold"].item() == frame.set_index("problem_id")["gold"]["r5"]


def test_gold_behind_a_mark_and_listed_choices(hub, tmp_path):
    gsm = spec("org/gsm", ["main/test.parquet"], columns={"gold": "answer"}, gold_after="####")
    assert list(load_dataset(gsm, tmp_path)["gold"]) == ["1,234", "7"]
    pro = spec(
        "org/pro",
        ["test.parquet"],
        answer_type="choice",
        columns={"problem_id": "question_id", "gold": "answer", "choices": "options"},
    )
    frame = load_dataset(pro, tmp_path)
    assert list(frame["gold"]) == ["C", "A"]
    assert frame["question"][0].endswith("A) a\nB) b\nC) c")


def test_livecodebench_window_and_tests(hub, tmp_path):
    entry = spec(
        "org/code",
        ["test.jsonl"],
        answer_type="code",
        columns={"problem_id": "question_id", "question": "question_content"},
        tests="livecodebench",
        dates={"column": "contest_date", "from": "2024-08-01", "until": "2024-10-15"},
    )
    frame = load_dataset(entry, tmp_path)
    assert list(frame["problem_id"]) == ["q10", "q8", "q9"]
    assert len(json.loads(frame["metadata"][0])["tests"]) == 3
    with pytest.raises(DatasetError, match="no row passes"):
        load_dataset({**entry, "dates": {**entry["dates"], "from": "2030-01-01"}}, tmp_path)


class Evil:
    def __reduce__(self):
        return (print, ("pwned",))


def test_hidden_tests_cannot_smuggle_code_in_a_pickle(capsys):
    from itc.datasets._shape import private_tests

    bad = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    with pytest.raises(DatasetError, match="a pickle of more than one text"):
        private_tests(bad, "here")
    assert "pwned" not in capsys.readouterr().out


def test_every_hub_entry_of_the_config_names_known_keys():
    from itc.datasets.huggingface import COMMIT as COMMIT_HASH
    from itc.datasets.huggingface import OPTIONS

    entries = yaml.safe_load((ROOT / "config/datasets.yaml").read_text())["datasets"]
    found = {name: e for name, e in entries.items() if e["loader"] == "huggingface"}
    assert len(found) == 22
    shared = {"title", "loader", "answer_type", "licence", "redistribute", "problems", "published"}
    unpinned = {name for name, e in found.items() if not COMMIT_HASH.fullmatch(e["revision"])}
    assert len(unpinned) == 9, "a source that can be read said no commit for nine of them"
    for name, entry in found.items():
        assert set(entry) <= shared | set(OPTIONS), name
        assert name not in unpinned or entry["revision"] == "main", name
        assert set(entry.get("sha256", {})) <= set(entry["files"]), name
        assert all(re.fullmatch("[0-9a-f]{64}", s) for s in entry.get("sha256", {}).values()), name
