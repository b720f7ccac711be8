"""The client of OpenAI-compatible servers, against small servers that misbehave on purpose."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("httpx")
sys.path.insert(0, str(Path(__file__).parent))

from itc.engines import openai
from itc.engines._base import TOO_LONG, EngineError
from itc.engines._base import check as check_model
from scripted_server import ask, entry, reply, run

SECRET = "sk-test-0123456789"


def test_parameters_are_sent_and_the_answer_is_read(server):
    done = run(entry(server), [ask(seed=7, temperature=0.5, top_p=0.9, max_tokens=11, logprobs=2)])
    (body,) = server.bodies
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    assert (body["seed"], body["temperature"], body["top_p"]) == (7, 0.5, 0.9)
    assert (body["max_tokens"], body["top_logprobs"]) == (11, 2)
    assert "top_k" not in body and "min_p" not in body  # a hosted API would refuse them
    assert (done["0"].text, done["0"].n_prompt_tokens, done["0"].n_output()) == ("fine", 9, 4)
    assert done["0"].logprobs["cumulative_logprob"] == -0.5


def test_thinking_given_apart_is_put_between_the_delimiters(server):
    server.script = [(200, {}, reply("42", reasoning_content="hmm"))]
    done = run(entry(server), [ask()])["0"]
    assert done.text == "<think>hmm</think>42" and done.thinking_end == len("<think>hmm</think>")


def test_a_word_of_a_choice_comes_with_its_probabilities(server):
    done = run(entry(server), [ask(choices=("Yes", "No"))])["0"]
    assert done.logprobs == {"choice:Yes": -0.25, "choice:No": -1.5}
    assert server.bodies[0]["max_tokens"] == 1


@pytest.mark.parametrize("fault", [(429, {"retry-after": "0.1"}, {}), (503, {}, {}), 0.8])
def test_faults_that_pass_are_tried_again(server, fault):
    server.script = [fault, fault]
    assert run(entry(server), [ask()])["0"].text == "fine"
    assert len(server.bodies) == 3


def test_a_server_that_stays_away_ends_with_a_message(server):
    server.script = [(500, {}, {"error": "boom"})] * 9
    with pytest.raises(EngineError, match=r"no answer in 4 tries; last: status 500.*journal"):
        run(entry(server), [ask()])
    assert len(server.bodies) == 4


def test_refusals_are_not_repeated_and_never_show_the_key(server, monkeypatch):
    monkeypatch.setenv("TOY_KEY", SECRET)
    server.script = [(401, {}, {"error": f"Incorrect API key provided: {SECRET}"})]
    with pytest.raises(EngineError, match=r"status 401.*\*\*\*") as error:
        run(entry(server, api_key_env="TOY_KEY"), [ask()])
    assert SECRET not in str(error.value) and len(server.bodies) == 1
    assert server.keys == {f"Bearer {SECRET}"}


def test_at_most_so_many_requests_at_once(server):
    server.pause = 0.05
    run(entry(server), [ask(seed=i) for i in range(12)])
    assert 2 <= server.most <= 4


def test_a_prompt_over_the_servers_window_is_told_apart(server):
    server.script = [(400, {}, {"error": "This model's maximum context length is 5 tokens"})]
    assert run(entry(server), [ask()])["0"].finish_reason == TOO_LONG


def test_missing_key_and_address_are_found_without_asking(server, monkeypatch):
    monkeypatch.delenv("TOY_KEY", raising=False)
    with pytest.raises(EngineError, match=r"model 'm': key 'api_key_env'.*TOY_KEY is not set"):
        check_model("m", entry(server, api_key_env="TOY_KEY"))
    with pytest.raises(EngineError, match="key 'base_url': None"):
        check_model("m", entry(server, base_url=None))
    assert server.bodies == []


def test_what_is_kept_as_sent_is_what_the_server_got(server):
    with openai.open_engine(entry(server)) as engine:
        found = engine.sent(ask(temperature=0.3))
        engine.add("0", ask(temperature=0.3))
        while not engine.step():
            pass
    assert found["body"] == server.bodies[0] and found["prompt"] is None
    assert "/v1" + found["endpoint"] == server.paths[0]
