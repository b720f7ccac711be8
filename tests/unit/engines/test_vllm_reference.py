"""The offline engine with a trained tiny model, against transformers on the recorded tokens.

The model folder is a copy of models/tiny-reasoner whose tokenizer names another end-of-text token
than its generation config, and whose generation config ships sampling defaults, as real ones do.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from itc.config.model import Model
from itc.engines._base import Cut, EngineError, Params, Request

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")

SOURCE = Path(__file__).resolve().parents[3] / "models" / "tiny-reasoner"
QUESTIONS = [f"What is {a} + {b}?" for a, b in ((3, 4), (12, 9), (7, 7), (25, 31), (8, 60))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("model") / "tiny"
    shutil.copytree(SOURCE, made)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        values = json.loads((made / name).read_text())
        (made / name).write_text(json.dumps(values | {"eos_token": "<|pad|>"}))
    values = json.loads((made / "generation_config.json").read_text())
    values |= {"eos_token_id": [0, 1], "repetition_penalty": 1.3, "top_k": 2}
    (made / "generation_config.json").write_text(json.dumps(values))
    return made


@pytest.fixture(scope="module")
def engine(folder):
    from itc.engines import vllm

    model = Model(
        title="tiny",
        reasoning=True,
        model=str(folder),
        dtype="float32",
        max_model_len=512,
        max_num_seqs=32,
        thinking=("<think>", "</think>"),
    )
    with vllm.open_engine(model) as opened:
        yield opened


@pytest.fixture(scope="module")
def logprobs(folder):
    """Log-probs of the next token after ids, by transformers: float [vocabulary]."""
    import torch
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def after(ids):
        with torch.no_grad():
            return network(torch.tensor([ids])).logits[0, -1].log_softmax(-1).tolist()

    return after


def ask(question=QUESTIONS[0], seed=1, prefix=(), parent="", **params):
    values = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 200, "logprobs": 5}
    messages = ({"role": "user", "content": question},)
    return Request(messages, Params.model_validate(values | params), seed, prefix, parent)


def run(engine, requests):
    for number, request in enumerate(requests):
        engine.add(str(number), request)
    found = {}
    while len(found) < len(requests):
        found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(requests))]


@pytest.fixture(scope="module")
def thoughts(engine):
    """Twenty responses with their requests."""
    requests = [ask(q, seed) for seed in range(4) for q in QUESTIONS]
    return list(zip(requests, run(engine, requests), strict=True))


def test_no_text_ends_in_the_token_at_which_the_model_stopped(thoughts):
    stopped = [done for _, done in thoughts if done.finish_reason == "stop"]
    assert len(stopped) >= 10 and {done.token_ids[-1] for done in stopped} == {1}
    assert not any("<|" in done.text for done in stopped)


def test_sampling_defaults_of_the_model_are_not_used(engine, logprobs):
    (done,) = run(engine, [ask(temperature=0.0, max_tokens=48)])
    ids = engine.prompter.build(ask()).ids
    for token in done.token_ids:
        values = logprobs(ids)
        assert token == max(range(len(values)), key=values.__getitem__)
        ids = [*ids, token]


def test_yes_or_no_after_a_thinking_is_asked_behind_the_recorded_tokens(engine, logprobs, thoughts):
    closed = [(r, d) for r, d in thoughts if d.thinking_end is not None][:10]
    assert len(closed) == 10
    asked = [
        ask(r.messages[0]["content"], r.seed, (Cut(tuple(d.token_ids), until="answer"),),
            choices=("Yes", "No"))
        for r, d in closed
    ]  # fmt: skip
    yes, no = (engine.prompter.encode(word) for word in ("Yes", "No"))
    assert (len(yes), len(no)) == (1, 2)  # one word is one token, the other two
    for (request, done), question, found in zip(closed, asked, run(engine, asked), strict=True):
        close = engine.prompter.encode("</think>\n\n")
        place = next(i for i in range(300) if done.token_ids[i : i + 2] == close) + 2
        ids = engine.prompter.build(request).ids + done.token_ids[:place]
        assert engine.prompter.build(question).ids == ids
        first, second = logprobs(ids), logprobs([*ids, no[0]])
        wanted = {"choice:Yes": first[yes[0]], "choice:No": first[no[0]] + second[no[1]]}
        assert found.logprobs == pytest.approx(wanted, abs=1e-4)


def test_words_of_several_tokens(engine, logprobs):
    words = ("Correct", "Incorrect")
    encoded = [engine.prompter.encode(word) for word in words]
    assert min(map(len, encoded)) > 1
    (done,) = run(engine, [ask(choices=words)])
    start = engine.prompter.build(ask()).ids
    for word, ids in zip(words, encoded, strict=True):
        total = sum(logprobs(start + ids[:i])[token] for i, token in enumerate(ids))
        assert done.logprobs[f"choice:{word}"] == pytest.approx(total, abs=1e-3)


def test_cut_and_longer_thinking_go_on_from_the_recorded_tokens(engine, logprobs, thoughts):
    closed = [(r, d) for r, d in thoughts if d.thinking_end is not None][:6]
    for request, done in closed:
        question, count = request.messages[0]["content"], done.n_thinking_tokens
        for cut, text in (
            (Cut(tuple(done.token_ids), count // 2), "\n</think>\n\n"),
            (Cut(tuple(done.token_ids), until="thinking"), "\nWait"),
        ):
            again = ask(question, 5, (cut, text), done.prompt_sha256, temperature=0.0, max_tokens=3)
            prompt = engine.prompter.build(again)
            kept = 1 + (count // 2 if cut.thinking_tokens else count)
            assert prompt.prefix_ids[:kept] == done.token_ids[:kept]
            assert engine.prompter.decode(prompt.prefix_ids[kept:]) == text
            (rest,) = run(engine, [again])
            values = logprobs(prompt.ids)
            assert rest.token_ids[0] == max(range(len(values)), key=values.__getitem__)


def test_another_prompt_than_the_parents_is_refused(engine, thoughts):
    _, done = thoughts[0]
    cut = (Cut(tuple(done.token_ids), 1), "\n</think>\n\n")
    with pytest.raises(EngineError, match="given to another prompt"):
        engine.add("x", ask("Who?", 1, cut, done.prompt_sha256))


def test_a_vllm_that_no_longer_calls_the_hook_is_an_error(engine, monkeypatch):
    from itc.engines._vllm_hooks import streaming_class

    class Silent(streaming_class()):
        def append_fast(self, *_):
            pass

    monkeypatch.setattr(engine, "_summaries", Silent)
    engine.add("x", ask(max_tokens=4))
    with pytest.raises(EngineError, match=r"log-probs of 0 of .*append_fast"):
        while True:
            engine.step()


@pytest.mark.parametrize("reason", ["abort", "error", "repetition", None])
def test_what_is_no_answer_is_not_recorded(engine, reason):
    from itc.engines.vllm import _Call

    request = ask()
    engine._open["x"] = _Call("k", request, engine.prompter.build(request))
    answer = SimpleNamespace(finish_reason=reason, token_ids=[5], stop_reason=None, text="")
    with pytest.raises(EngineError, match="which is no answer and not recorded"):
        engine._finish(SimpleNamespace(request_id="x", outputs=[answer]))


def test_what_is_kept_as_sent_is_what_vllm_gets(engine, folder):
    from transformers import AutoTokenizer

    found = engine.sent(ask(temperature=0.3))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chat = [{"role": "user", "content": QUESTIONS[0]}]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert found["prompt"] == rendered
    sampling = found["body"]["sampling_params"]
    assert (sampling["temperature"], sampling["top_k"], sampling["seed"]) == (0.3, 0, 1)
    assert sampling["repetition_penalty"] == 1.0
