"""Each family of served models is asked the way it wants, and its answers are read rightly."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest
import yaml

pytest.importorskip("httpx")

from itc.config.identity import of_model
from itc.config.model import Model
from itc.config.presets import PRESETS
from itc.engines import _base as engines
from itc.engines import openai
from itc.engines._base import EngineError, Params, Request
from itc.engines._served import Served

_spec = importlib.util.spec_from_file_location(
    "served_families", Path(__file__).with_name("served_families.py")
)
families = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(families)
serving = families.serving


def entry(*servers, **keys) -> Model:
    values = {
        "title": "served",
        "reasoning": True,
        "engine": "openai",
        "model": "served",
        "base_url": [server.url for server in servers] or "http://127.0.0.1:9/v1",
        "concurrency": 4,
        "logprobs": 0,
        "thinking": ["<think>", "</think>"],
        "serving_options": {"pause": 0.01, "tries": 4, "timeout": 5},
    }
    return Model.model_validate(values | keys)


def ask(seed: int = 1, template: dict | None = None, **params) -> Request:
    given = {"max_tokens": 64, "temperature": 0.6, "top_p": 0.95} | params
    messages = ({"role": "user", "content": "6 x 7?"},)
    return Request(messages, Params(**given), seed, template=template or {})


def run(model: Model, *requests: Request) -> list:
    with openai.open_engine(model) as engine:
        for number, request in enumerate(requests or (ask(),)):
            engine.add(str(number), request)
        found: dict = {}
        while len(found) < (len(requests) or 1):
            found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(found))]


def test_o_series_gets_its_own_name_of_the_cap_and_no_sampling():
    with serving(families.o_series) as server:
        (done,) = run(entry(server, preset="openai-reasoning", effort="high", logprobs=5))
    (body,) = server.bodies
    assert body == {
        "model": "served",
        "messages": [{"role": "user", "content": "6 x 7?"}],
        "max_completion_tokens": 64,
        "seed": 1,
        "reasoning_effort": "high",
    }
    assert (done.text, done.n_output(), done.n_thinking_tokens) == ("42", 12, 8)
    assert done.thinking_end == 0  # all of the text is answer, the thinking was counted apart
    assert done.platform["settings"]["not_sent"] == ["temperature", "top_p"]


def test_o_series_without_its_preset_says_what_to_set():
    with serving(families.o_series) as server:
        with pytest.raises(EngineError, match=r"'max_tokens' is not supported.*limit_key: max_com"):
            run(entry(server))
        with pytest.raises(EngineError, match=r"'temperature' does not.*refuses: \[temperature\]"):
            run(entry(server, limit_key="max_completion_tokens"))
        assert len(server.bodies) == 2  # a refusal is not repeated
        model = entry(server, limit_key="max_completion_tokens", refuses=["temperature", "top_p"])
        assert run(model)[0].text == "42"


def test_gpt_oss_is_asked_by_its_levels_and_its_reasoning_is_kept():
    with serving(families.gpt_oss) as server:
        done = {level: run(entry(server, effort=level))[0] for level in ("low", "high")}
        assert [b["reasoning_effort"] for b in server.bodies] == ["low", "high"]
        with pytest.raises(EngineError, match=r"status 400: .*reasoning_effort: extreme"):
            run(entry(server, effort="extreme"))
    assert done["low"].text == "<think>hm</think>42"
    assert (done["low"].n_thinking_tokens, done["high"].n_thinking_tokens) == (1, 4)
    assert done["high"].text[: done["high"].thinking_end] == "<think>hm hm hm hm</think>"


def test_qwen_is_switched_by_a_variable_of_its_template():
    with serving(families.qwen) as server:
        (on,) = run(entry(server, enable_thinking=True))
        off = entry(server, chat_template_kwargs={"enable_thinking": False})
        (direct,) = run(off)
        (again,) = run(entry(server), ask(template={"enable_thinking": False, "k": 1}))
    sent = [body["chat_template_kwargs"] for body in server.bodies]
    assert sent[:2] == [{"enable_thinking": True}, {"enable_thinking": False}]
    assert sent[2] == {"enable_thinking": False, "k": 1}  # a procedure's own
    assert on.text == "<think>hmm</think>42" and direct.text == again.text == "42"
    # The variable and the short form are one and the same.
    assert of_model(off) == of_model(entry(server, enable_thinking=False))


def test_deepseek_is_asked_verbatim_and_without_what_it_refuses():
    with serving(families.deepseek) as server:
        keys = {"request": {"thinking": {"type": "enabled"}}, "logprobs": 5}
        with pytest.raises(EngineError, match=r"support `logprobs`.*refuses: \[logprobs\]"):
            run(entry(server, **keys), ask(logprobs=5))
        (done,) = run(entry(server, preset="deepseek", **keys), ask(logprobs=5))
    assert server.bodies[-1]["thinking"] == {"type": "enabled"}
    assert "logprobs" not in server.bodies[-1] and "temperature" not in server.bodies[-1]
    assert (done.text, done.n_thinking_tokens) == ("<think>hmm</think>42", 7)


def test_pieces_of_a_reply_are_joined_and_the_seed_has_another_name():
    with serving(families.mistral) as server:
        (done,) = run(entry(server, preset="mistral"))
    assert server.bodies[0]["random_seed"] == 1
    assert done.text == "<think>hmm</think>42"


def test_reasoning_tokens_that_are_counted_apart_are_output_too():
    with serving(families.xai) as server:
        (done,) = run(entry(server, preset="xai"))
    assert (done.n_output(), done.n_thinking_tokens) == (112, 100)


def test_a_server_that_asks_for_patience_is_left_alone_as_long():
    limited = (429, {"retry-after": "0.4"}, {"error": {"message": "rate limit"}})
    with serving(families.qwen, [limited, limited]) as server:
        assert run(entry(server))[0].text.endswith("42")
    first, second, third = server.times
    assert second - first >= 0.4 and third - second >= 0.4


def test_an_unknown_key_of_the_request_shows_the_servers_words():
    with serving(families.o_series) as server:
        model = entry(server, preset="openai-reasoning", request={"reasoning_efort": "high"})
        with pytest.raises(EngineError, match=r"status 400: .*argument supplied: reasoning_efort"):
            run(model)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"engine_options": {"reasoning_effort": "high"}}, r"engine_options.*goes into `request`"),
        ({"serving_options": {"time_out": 3}}, "'time_out' is not known here; allowed: tokenizer"),
        ({"preset": "opena"}, "key 'preset': 'opena' is not known; allowed: openai"),
        ({"refuses": ["heat"]}, "key 'refuses': 'heat' is no parameter; allowed: temperature"),
        ({"request": {"temperature": 1}}, "request.temperature': it comes from `temperature`"),
        ({"request": {"max_completion_tokens": 1}}, "comes from `max_tokens` and `limit_key`"),
        ({"request": {"reasoning_effort": "low"}, "effort": "high"}, "but `effort` is 'high'"),
        ({"lora": "adapter"}, "key 'lora': engine 'openai' cannot do this, only 'vllm'"),
        ({"chat_template": "x.jinja"}, "key 'chat_template': a chat server renders by a template"),
        ({"effort_of": "family"}, "key 'effort_of': a level of 'family' needs the key `effort`"),
        ({"engine": "vllm", "base_url": None, "preset": "openai"}, "'preset': engine 'vllm'"),
        ({"base_url": ["http://a/v1", "ftp://b"]}, "key 'base_url': .*give the server's address"),
    ],
)
def test_keys_at_fault_are_found_without_asking(keys, message):
    with pytest.raises(EngineError, match=message):
        engines.check("m", entry(**keys))


def test_what_must_be_sent_and_is_refused_is_an_error_before_the_request():
    with serving(families.o_series) as server:
        model = entry(server, preset="openai-reasoning")
        with pytest.raises(EngineError, match=r"refuses 'stop'.*sets it to"):
            run(model, ask(stop=["x"]))
        with pytest.raises(EngineError, match=r"refuses 'logprobs'.*use `scale: score`"):
            run(model, ask(choices=("Yes", "No")))
    assert server.bodies == []


def test_what_is_shown_as_sent_is_what_was_sent():
    with serving(families.o_series) as server:
        model = entry(server, preset="openai-reasoning", effort="low")
        with openai.open_engine(model) as engine:
            shown = engine.sent(ask())
        run(model)
    assert shown["body"] == server.bodies[0]
    assert shown["endpoint"] == "/chat/completions"


def test_penalties_and_words_are_sent_where_they_say_something():
    given = {"presence_penalty": 0.5, "frequency_penalty": -0.5, "bad_words": ["no"]}
    given |= {"min_p": 0.1, "repetition_penalty": 1.1, "min_tokens": 2, "stop": ["x"], "top_k": 5}
    with serving(families.qwen) as server:
        run(entry(server), ask(**given, thinking_budget=9), ask())
    full, plain = sorted(server.bodies, key=len, reverse=True)
    assert full | given | {"thinking_token_budget": 9} == full
    assert not set(plain) & {*given, "thinking_token_budget"}


def test_the_servers_own_sampling_is_left_to_it():
    with serving(families.qwen) as server:
        (done,) = run(entry(server), ask(sampling="model"))
    assert not set(server.bodies[0]) & {"temperature", "top_p", "top_k", "min_p"}
    assert done.platform["settings"]["sampling"] == "the server's own"


def test_requests_go_to_the_least_busy_server():
    with serving(families.qwen) as a, serving(families.qwen) as b:
        a.pause = b.pause = 0.1
        done = run(entry(a, b), *(ask(seed=i) for i in range(12)))
    assert len(done) == 12 and len(a.bodies) + len(b.bodies) == 12
    assert min(len(a.bodies), len(b.bodies)) >= 4


def test_another_server_is_asked_where_one_fails():
    broken = [(503, {}, {"error": "down"})] * 50
    with serving(families.qwen, broken) as a, serving(families.qwen) as b:
        done = run(entry(a, b), *(ask(seed=i) for i in range(8)))
        seeds = sorted(body["seed"] for body in b.bodies)
    assert len(done) == 8 and seeds == list(range(8))
    with serving(families.qwen) as b:  # no server listens at the first address
        gone = entry(b, base_url=["http://127.0.0.1:9/v1", b.url])
        assert len(run(gone, *(ask(seed=i) for i in range(4)))) == 4


def test_no_server_at_all_ends_with_a_message():
    down = [(503, {}, {"error": "down"})] * 99
    message = r"none of 2 servers gave an answer in 4 rounds.*503"
    with serving(families.qwen, down) as a, serving(families.qwen, down) as b:
        model = entry(a, b)
        with pytest.raises(EngineError, match=message):
            run(model)


def test_a_busy_server_is_left_alone_and_the_other_goes_on():
    limited = [(429, {"retry-after": "30"}, {"error": "slow down"})]
    with serving(families.qwen, limited) as a, serving(families.qwen) as b:
        start = time.monotonic()
        assert len(run(entry(a, b), *(ask(seed=i) for i in range(4)))) == 4
    assert time.monotonic() - start < 10


def test_addresses_prices_and_tiers_change_no_answer_and_effort_does():
    plain = of_model(entry(preset="openai"))
    assert plain == of_model(entry())  # this preset only names the cap
    refuses = ["temperature", "top_p", "logprobs", "presence_penalty", "frequency_penalty"]
    assert of_model(entry(preset="deepseek")) == of_model(entry(refuses=refuses))
    for same in (
        {"base_url": ["http://a:1/v1", "http://b:1/v1"]},
        {"request": {"service_tier": "flex"}},
        {"limit_key": "max_tokens"},
        {"released": "2026-01-01", "cutoff": "2025-06"},
        {"effort_of": "family"},
    ):
        assert of_model(entry(preset="openai", **same)) == plain, same
    for other in (
        {"effort": "low"},
        {"request": {"thinking": {"type": "enabled"}}},
        {"refuses": ["seed"]},
        {"chat_template_kwargs": {"thinking": True}},
        {"preset": "xai"},
    ):
        assert of_model(entry(**{"preset": "openai"} | other)) != plain, other


def test_the_registrys_served_entries_are_fit_and_name_known_presets():
    file = Path(__file__).parents[3] / "config" / "models.yaml"
    found = yaml.safe_load(file.read_text())["models"]
    served = {name: Model.model_validate(e) for name, e in found.items() if "base_url" in e}
    assert {model.preset for model in served.values()} == set(PRESETS)
    for name, model in served.items():
        engines.check(name, model.model_copy(update={"api_key_env": None}))
        Served.of(model).check(Params(max_tokens=1))
