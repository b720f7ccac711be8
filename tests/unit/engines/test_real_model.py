"""SmolLM2-135M-Instruct on a real vLLM: real template, vocabulary, stop token, byte-pair merges.

The model is fetched by its lock (models/smollm2/prepare.py) unless it is there. Where that fails
the tests are skipped with the reason, except where CI is set: there they fail.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from itc.config.model import Model
from itc.engines._base import Cut, Params, Request

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")

REPO = Path(__file__).resolve().parents[3]
FOLDER = REPO / "models" / "smollm2"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def fetched() -> Path:
    """The prepared folder; a skip, or a failure in CI, that says why there is none."""
    script = FOLDER / "prepare.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    if done.returncode:
        reason = f"SmolLM2 could not be prepared: {(done.stderr or done.stdout).strip()[-500:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return FOLDER / "weights"


@pytest.fixture(scope="module")
def engine():
    from itc.engines import vllm

    entry = Model.model_validate(
        {
            "title": "SmolLM2",
            "reasoning": False,
            "engine": "vllm",
            "model": str(fetched()),
            "dtype": "bfloat16",
            "max_model_len": 1024,
            "max_num_seqs": 16,
            "logprobs": 5,
        }
    )
    with vllm.open_engine(entry) as opened:
        yield opened


def ask(question="What is 1 + 2?", seed=1, prefix=(), parent="", **params):
    settings = {"temperature": 0.7, "max_tokens": 32, "logprobs": 5} | params
    messages = ({"role": "user", "content": question},)
    return Request(messages, Params(**settings), seed, prefix, parent)


def run(engine, requests):
    for number, request in enumerate(requests):
        engine.add(str(number), request)
    found = {}
    while len(found) < len(requests):
        found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(requests))]


def test_template_inserts_its_own_system_message(engine):
    sent = engine.sent(ask("Hello?"))["prompt"]
    assert sent == (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
        "<|im_start|>user\nHello?<|im_end|>\n<|im_start|>assistant\n"
    )
    # Each delimiter is one token of the vocabulary, not its letters.
    assert engine.prompter.build(ask("Hello?")).ids.count(1) == 3


def test_vocabulary(engine):
    config = engine._llm.llm_engine.model_config
    assert config.get_vocab_size() == 49_152
    assert len(engine.prompter.tokenizer) == 49_152
    done = run(engine, [ask("Count from one to ten.", seed=s) for s in range(4)])
    assert all(0 <= token < 49_152 for one in done for token in one.token_ids)


def test_replies_are_cut_at_the_cap_and_say_so(engine):
    cut = run(engine, [ask("Write a long story about the sea.", seed=s) for s in range(4)])
    assert {(one.finish_reason, len(one.token_ids)) for one in cut} == {("length", 32)}


def test_end_of_turn_ends_the_reply_and_is_no_part_of_its_text(engine):
    question = "Reply with the one word Hello."
    done = run(engine, [ask(question, seed=s, max_tokens=200) for s in range(8)])
    ended = [one for one in done if one.finish_reason == "stop"]
    assert ended and all(one.token_ids[-1] == 2 for one in ended)  # 2 is <|im_end|>
    assert not any("<|im_end|>" in one.text for one in done)


def test_yes_and_no_are_single_words_with_both_probabilities(engine):
    question = "Is the sky green? Reply with Yes or No."
    done = run(engine, [ask(question, choices=("Yes", "No"), seed=s) for s in range(8)])
    assert {one.text for one in done} <= {"Yes", "No"}
    assert all(len(one.token_ids) == 1 for one in done)
    (yes,) = {one.logprobs["choice:Yes"] for one in done}
    (no,) = {one.logprobs["choice:No"] for one in done}
    assert 0 < math.exp(yes) + math.exp(no) <= 1


def test_going_on_from_recorded_tokens_keeps_them_and_the_prompt(engine):
    """What truncate and extend do: the recorded ids go back, not their text tokenised again."""
    whole = run(engine, [ask("Name three rivers.", temperature=0.0, max_tokens=40)])[0]
    for n in (1, 7, 20, 33):
        kept = tuple(whole.token_ids[:n])
        request = ask(
            "Name three rivers.",
            temperature=0.0,
            prefix=(Cut(kept),),
            parent=whole.prompt_sha256,
            max_tokens=40 - n,
        )
        rest = run(engine, [request])[0]
        assert tuple(rest.prefix_ids) == kept
        assert rest.n_prompt_tokens == whole.n_prompt_tokens
        assert rest.prefix_ids + rest.token_ids == whole.token_ids
        assert rest.prefix_text + rest.text == whole.text


def test_a_word_appended_behind_an_ended_reply_goes_on_in_the_same_turn(engine):
    whole = run(engine, [ask("Reply with the one word Hello.", temperature=0.0, max_tokens=200)])[0]
    assert whole.finish_reason == "stop"
    cut = Cut(tuple(whole.token_ids), characters=len(whole.text))
    request = ask(
        "Reply with the one word Hello.",
        temperature=0.0,
        prefix=(cut, "\nWait"),
        parent=whole.prompt_sha256,
    )
    longer = run(engine, [request])[0]
    assert longer.prefix_text == whole.text + "\nWait"
    assert longer.prefix_ids[: len(whole.token_ids) - 1] == whole.token_ids[:-1]
    assert 2 not in longer.prefix_ids


def test_the_same_seed_gives_the_same_text(engine):
    requests = [ask("Tell me about bees.", seed=s) for s in range(6)]
    first = [one.text for one in run(engine, requests)]
    assert [one.text for one in run(engine, requests[::-1])][::-1] == first
    assert len(set(first)) == 6
