"""The client against a real ``vllm serve`` of a tiny model on loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from itc.config.model import Model
from itc.engines import openai, vllm
from itc.engines._base import Params, Request

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]
pytest.importorskip("vllm")


@pytest.fixture(scope="module")
def address(model_entry, tmp_path_factory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log"
    environment = {
        **os.environ,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "TORCHDYNAMO_DISABLE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
    # What `vllm serve` runs; the command itself asks for the metadata of a package named vllm,
    # which the CPU build (vllm-cpu) has not.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(model_entry.model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny"]
    command += ["--dtype", "float32", "--max-model-len", "256", "--enforce-eager"]
    command += ["--no-enable-chunked-prefill", "--max-num-batched-tokens", "4096"]
    with log.open("w") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 600
        while True:
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(60)


def ask(i: int, **params) -> Request:
    defaults = {"temperature": 0.0, "max_tokens": 40, "logprobs": 5}
    return Request(
        ({"role": "user", "content": f"What is {i} + 2?"},), Params(**defaults | params), i
    )


def run(engine, requests):
    for number, request in enumerate(requests):
        engine.add(str(number), request)
    found = {}
    while len(found) < len(requests):
        found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(requests))]


def test_greedy_responses_equal_the_offline_engines(address, model_entry):
    words = [("Yes", "No"), ("Q", "zebra"), ("y", "n")]
    requests = [ask(i) for i in range(12)] + [ask(i, temperature=0.9, top_p=0.9) for i in range(6)]
    requests += [ask(i, choices=w) for i, w in enumerate(words)]
    capped = [ask(1, max_tokens=5000), ask(2, stop=("a", "e", "i"))]
    penalties = {"presence_penalty": 0.8, "frequency_penalty": 0.4, "repetition_penalty": 1.2}
    capped.append(ask(3, **penalties, min_p=0.05, min_tokens=6, bad_words=("a", "e")))
    capped.append(replace(ask(4), template={"enable_thinking": True}))
    served = {
        "title": "tiny",
        "reasoning": True,
        "engine": "openai",
        "model": "tiny",
        "base_url": address,
        "concurrency": 8,
        "max_model_len": 256,
        "thinking": model_entry.thinking,
    }
    exact = served | {"engine_options": {"tokenizer": str(model_entry.model)}}
    with openai.open_engine(Model.model_validate(exact)) as engine:
        assert engine.platform["engine_version"] != "unknown"
        assert engine.facts.program == "vllm" and engine.facts.window == 256
        by_ids = run(engine, requests + capped)
    with openai.open_engine(Model.model_validate(served)) as engine:
        by_chat = run(engine, requests[:18] + capped)
    with vllm.open_engine(model_entry) as engine:
        offline = run(engine, requests + capped)
    assert [d.token_ids for d in by_ids] == [d.token_ids for d in offline]
    assert [d.text for d in by_ids] == [d.text for d in offline]
    assert [d.prompt_sha256 for d in by_ids] == [d.prompt_sha256 for d in offline]
    assert [d.finish_reason for d in by_ids] == [d.finish_reason for d in offline]
    assert by_ids[-1].thinking_open and not by_ids[0].thinking_open  # the template's variable
    for chat, done in zip(by_chat, offline[:18] + offline[-len(capped) :], strict=True):
        # A chat server leaves special tokens out of its text.
        assert chat.text == re.sub(r"<pad>|</?s>|<\|(user|assistant|system)\|>", "", done.text)
        assert (chat.n_prompt_tokens, chat.n_output()) == (done.n_prompt_tokens, done.n_output())
    # Words of several tokens, and words far below the twenty candidates that a server gives.
    for pair, told, exactly in zip(words, by_ids[18:21], offline[18:21], strict=True):
        assert set(told.logprobs) == {f"choice:{word}" for word in pair}
        assert told.logprobs == pytest.approx(exactly.logprobs, abs=1e-3)
    for a, b in zip(by_ids[:18], offline[:18], strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-3)
