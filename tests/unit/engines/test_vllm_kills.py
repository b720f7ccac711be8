"""A generate job on real vLLM, killed twice: the same tokens, nothing finished is asked again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from itc import schemas, tables
from itc.config.model import Model

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")
SCRIPT = Path(__file__).with_name("vllm_job.py")
TOTAL = 160


def start(folder: Path, model: Model) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), model.model_dump_json()],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


def finish(job: subprocess.Popen, folder: Path) -> dict:
    output, _ = job.communicate(timeout=900)
    assert job.returncode == 0, (folder / "log").read_text()[-3000:]
    return json.loads(output.splitlines()[-1])


def kill_after(job: subprocess.Popen, folder: Path, lines: int, how: signal.Signals) -> None:
    """Send the signal once the journal holds so many records."""
    journal = folder / "journal" / "toy" / "sample-0" / "000.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
        assert job.poll() is None, (folder / "log").read_text()[-3000:]
        time.sleep(0.005)
    job.send_signal(how)
    job.communicate(timeout=120)


@pytest.mark.timeout(1800)
def test_two_kills_give_the_same_tokens(tmp_path, model_entry):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    model = model_entry.model_copy(
        update={"max_num_seqs": 8}
    )  # 20 batches, so that there is a middle
    assert finish(start(whole, model), whole)["requests_finished"] == TOTAL

    job = start(killed, model)
    kill_after(job, killed, 30, signal.SIGKILL)
    assert job.returncode == -signal.SIGKILL
    job = start(killed, model)
    kill_after(job, killed, 80, signal.SIGTERM)
    assert job.returncode == 143 and not (killed / "000.parquet").exists()
    journal = killed / "journal" / "toy" / "sample-0" / "000.jsonl"
    done = journal.read_bytes().count(b"\n")
    assert 80 <= done < TOTAL
    last = finish(start(killed, model), killed)
    assert last["requests_from_journal"] >= done - 1  # a torn last record may be asked again
    assert last["requests_finished"] == TOTAL - last["requests_from_journal"]

    expected = tables.read(whole / "000.parquet", "responses")
    found = tables.read(killed / "000.parquet", "responses")
    for column in ("text", "seed", "finish_reason", "prompt_sha256", "n_output_tokens"):
        assert list(found[column]) == list(expected[column])
    assert [list(ids) for ids in found["token_ids"]] == [list(i) for i in expected["token_ids"]]
    for column in schemas.LOGPROBS:
        difference = (found[column] - expected[column]).abs().max()
        assert difference <= 1e-3, (column, difference)
