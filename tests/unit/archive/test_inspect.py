"""Logs that Inspect itself writes here, both formats, read sample by sample."""

from __future__ import annotations

import shutil
import zipfile

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import includes
from itc import tables
from itc.archive.inspect import read
from itc.importing import import_recording

LONG = "so " * 400  # long enough for Inspect to keep it as an attachment
MODEL = {"name": "m", "recorded_as": "mockllm/model", "thinking": ["<think>", "</think>"]}
DATASET = {"name": "d", "recorded_as": "sums", "answer_type": "math", "licence": "CC0"}


def answer(text: str, stop: str = "stop") -> ModelOutput:
    message = ChatMessageAssistant(
        content=[ContentReasoning(reasoning=LONG + text), ContentText(text=f"It is {text}.")]
    )
    return ModelOutput(
        model="model",
        choices=[ChatCompletionChoice(message=message, stop_reason=stop)],
        usage=ModelUsage(input_tokens=7, output_tokens=30, total_tokens=37, reasoning_tokens=20),
    )


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """One run of two problems and three epochs, as an .eval and as a .json log."""
    folder = tmp_path_factory.mktemp("logs")
    outputs = [answer("2"), answer("4"), answer("3"), answer("4"), answer("2", "max_tokens")]
    plain = ModelOutput.from_content("model", "4")
    # Without counts Inspect would count itself, with a tokenizer that it downloads.
    plain.usage = ModelUsage(input_tokens=7, output_tokens=1, total_tokens=8)
    outputs.append(plain)
    task = Task(
        name="sums",
        dataset=[
            Sample(id="one", input="1 + 1?", target="2", metadata={"level": 3}),
            Sample(id="two", input="2 + 2?", target="4"),
        ],
        scorer=includes(),
        epochs=3,
    )
    log = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=outputs),
        log_dir=str(folder),
        display="none",
        max_samples=1,
        temperature=0.6,
    )[0]
    write_eval_log(read_eval_log(log.location), folder / "same.json")
    shutil.copy(log.location, folder / "same.eval")
    return folder


@pytest.mark.parametrize("name", ["same.eval", "same.json"])
def test_epochs_become_draws_and_reasoning_becomes_thinking(logs, name):
    rows = list(read(logs / name, {}))
    assert sorted((r["problem_id"], r["sample_index"]) for r in rows) == [
        (problem, draw) for problem in ("one", "two") for draw in range(3)
    ]
    first = next(r for r in rows if r["thinking_text"] and r["problem_id"] == "one")
    assert first["thinking_text"].startswith(LONG)
    assert first["response_text"].startswith("It is ")
    assert first["question"] == "1 + 1?" and first["gold"] == "2"
    assert (first["dataset"], first["model"]) == ("sums", "mockllm/model")
    assert (first["n_prompt_tokens"], first["n_output_tokens"]) == (7, 30)
    assert first["n_thinking_tokens"] == 20
    assert first["extra"] == {"temperature": 0.6}
    assert {r["finish_reason"] for r in rows} == {"stop", "max_tokens"}
    for row in rows:
        assert row["correct"] is (row["gold"] in row["response_text"])


def test_both_formats_tell_the_same(logs):
    def known(name):
        rows = read(logs / name, {})
        return sorted(rows, key=lambda r: (r["problem_id"], r["sample_index"]))

    assert known("same.eval") == known("same.json")


def test_columns_may_come_from_the_metadata(logs):
    rows = list(read(logs / "same.eval", {"columns": {"difficulty": "metadata.level"}}))
    assert {r.get("difficulty") for r in rows if r["problem_id"] == "one"} == {3}


def test_a_scorer_that_is_not_there_is_named(logs):
    with pytest.raises(ValueError, match="no score of 'judge'; it has includes"):
        list(read(logs / "same.eval", {"scorer": "judge"}))


@pytest.mark.parametrize("name", ["same.eval", "same.json"])
def test_a_truncated_log_is_named(logs, tmp_path, name):
    data = (logs / name).read_bytes()
    broken = tmp_path / name
    broken.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(ValueError, match=rf"{name}: sample \d+: .*damaged"):
        list(read(broken, {}))


def test_a_damaged_sample_is_named(logs, tmp_path):
    broken = tmp_path / "bad.eval"
    with zipfile.ZipFile(logs / "same.eval") as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[:50] if name.startswith("samples/two_epoch_2") else data)
    with pytest.raises(ValueError, match=r"bad\.eval: sample \d: "):
        list(read(broken, {}))


def test_a_log_becomes_tables(logs, tmp_path):
    spec = {"format": "inspect", "sha256": None, "columns": {}, "exclude": []}
    with import_recording(logs / "same.eval", spec, [DATASET], [MODEL]) as imported:
        tables.write_groups(imported.frames(("d", "m")), "responses", tmp_path / "r.parquet")
        tables.write(imported.problems["d"], "datasets", tmp_path / "d.parquet")
    back = tables.read(tmp_path / "r.parquet", "responses")
    assert len(back) == 6
    thought = back[back["thinking_end"].notna()]
    for text, end in zip(thought["text"], thought["thinking_end"].astype(int), strict=True):
        assert text.startswith("<think>so so") and text[:end].endswith("</think>")
        assert text[end:].startswith("It is")
    assert set(back["finish_reason"]) == {"stop", "length"}
