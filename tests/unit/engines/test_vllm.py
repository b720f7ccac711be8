"""The offline engine on a real vLLM: seeds, log-prob sums, prefixes, choices, chat templates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from itc.engines._base import Cut, LongPromptError, Params, Request

pytestmark = pytest.mark.vllm
pytest.importorskip("vllm")


@pytest.fixture(scope="module")
def engine(model_entry):
    from itc.engines import vllm

    with vllm.open_engine(model_entry) as opened:
        yield opened


def ask(question="What is 1 + 2?", seed=1, prefix=(), **params):
    defaults = {"temperature": 0.8, "top_p": 0.95, "max_tokens": 40, "logprobs": 5}
    return Request(
        ({"role": "user", "content": question},), Params(**defaults | params), seed, prefix
    )


def run(engine, requests):
    for number, request in enumerate(requests):
        engine.add(str(number), request)
    found = {}
    while len(found) < len(requests):
        found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(requests))]


def test_texts_do_not_depend_on_company_or_order(engine):
    requests = [ask(f"What is {i // 4} + 2?", seed=i) for i in range(40)]
    together = run(engine, requests)
    alone = run(engine, requests[7:8]) + run(engine, requests[33:34])
    backwards = run(engine, requests[::-1])[::-1]
    ids = [done.token_ids for done in together]
    assert [done.token_ids for done in alone] == [ids[7], ids[33]]
    assert [done.token_ids for done in backwards] == ids
    assert len({tuple(i) for i in ids}) == 40
    for a, b in zip(together, backwards, strict=True):
        for name, value in a.logprobs.items():
            assert b.logprobs[name] == pytest.approx(value, abs=1e-3)


def test_summaries_equal_those_of_vllms_own_arrays(engine):
    request = ask(confidence_window=8)
    done = run(engine, [request])[0]
    wanted = engine.sampling_params(request.params, request.seed)
    wanted.flat_logprobs = False
    prompt = {"prompt_token_ids": engine.prompter.build(request).ids}
    output = engine._llm.generate([prompt], [wanted], use_tqdm=False)[0].outputs[0]
    assert list(output.token_ids) == done.token_ids
    rows, total = [], 0.0
    for token, position in zip(output.token_ids, output.logprobs, strict=True):
        total += position[token].logprob
        ranked = sorted((p.logprob for p in position.values()), reverse=True)
        rows.append(ranked[:5])
    rows = np.array(rows)
    confidence = -rows.mean(axis=1)
    groups = [confidence[i : i + 8].mean() for i in range(len(confidence) - 7)]
    share = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    assert done.logprobs == pytest.approx(
        {
            "cumulative_logprob": total,
            "mean_entropy": float(-(share * np.log(share)).sum(axis=1).mean()),
            "confidence_mean": float(confidence.mean()),
            "confidence_tail": float(confidence[-8:].mean()),
            "confidence_lowest": float(min(groups)),
            "confidence_bottom10": float(np.mean(sorted(groups)[: max(1, len(groups) // 10)])),
        },
        abs=2e-5,
    )


def test_no_array_of_logprobs_is_kept_while_a_response_grows(engine):
    engine.add("long", ask(max_tokens=100, min_tokens=100))
    for _ in range(50):
        assert engine.step() == []
    states = engine._engine.output_processor.request_states.values()
    (kept,) = [state.logprobs_processor.logprobs for state in states]
    assert len(kept) == 0 and len(kept.logprobs) == 0
    while not engine.step():
        pass


def test_choices_give_one_word_and_both_probabilities(engine):
    done = run(engine, [ask(choices=("Yes", "No"), seed=s) for s in range(12)])
    assert {d.text for d in done} <= {"Y", "N"} and all(len(d.token_ids) == 1 for d in done)
    assert all(set(d.logprobs) == {"choice:Yes", "choice:No"} for d in done)
    assert all(math.exp(d.logprobs["choice:Yes"]) < 1 for d in done)
    for word in ("Yes", "No"):  # one prompt, one distribution, whichever word was written
        assert len({d.logprobs[f"choice:{word}"] for d in done}) == 1


def test_words_outside_the_most_likely_ones_are_known_exactly(engine):
    prompt = engine.prompter.build(ask())
    every = (
        engine._llm.generate(
            [{"prompt_token_ids": prompt.ids}],
            engine._params_class(max_tokens=1, temperature=0.0, logprobs=-1),
            use_tqdm=False,
        )[0]
        .outputs[0]
        .logprobs[0]
    )
    ranked = sorted(every, key=lambda token: -every[token].logprob)
    letters = [t for t in ranked if engine.prompter.decode([t]).isalpha()]
    far = [t for t in letters if ranked.index(t) >= 40]
    assert len(far) >= 2  # both words lie far below the twenty that are asked for first
    words = tuple(engine.prompter.decode([t]) for t in (far[0], far[-1]))
    done = run(engine, [ask(choices=words, seed=s) for s in range(8)] + [ask(seed=99)])
    plain, judged = done[-1], done[:-1]
    for answer in judged:
        assert answer.text in words
        for word, token in zip(words, (far[0], far[-1]), strict=True):
            assert answer.logprobs[f"choice:{word}"] == pytest.approx(
                every[token].logprob, abs=1e-4
            )
    # The neighbour in the batch keeps its own summary.
    alone = run(engine, [ask(seed=99)])[0]
    assert plain.logprobs == pytest.approx(alone.logprobs)


def test_going_on_from_a_cut_gives_what_the_model_would_have_written(engine):
    whole = run(engine, [ask(temperature=0.0)])[0]
    assert len(whole.token_ids) == 40
    request = ask(temperature=0.0, prefix=(Cut(tuple(whole.token_ids[:25])),), max_tokens=15)
    rest = run(engine, [request])[0]
    assert rest.prefix_ids + rest.token_ids == whole.token_ids
    assert rest.n_prompt_tokens == whole.n_prompt_tokens
    assert rest.prefix_text + rest.text == whole.text


def test_thinking_is_counted_between_the_delimiters(engine):
    opened = run(engine, [ask(prefix=("<think>abc",), seed=4)])[0]
    assert opened.thinking_open and opened.prefix_thinking_tokens == 3
    inside = len(opened.token_ids) - (opened.finish_reason == "stop")  # less the end of the text
    assert opened.thinking_end is None and opened.n_thinking_tokens == inside
    closed = run(engine, [ask(prefix=("<think>\n\n</think>\n\n",))])[0]
    assert not closed.thinking_open and closed.n_thinking_tokens == 0


def test_stop_strings_end_the_text(engine):
    plain = run(engine, [ask(temperature=0.0)])[0]
    word = plain.text[10:12]
    stopped = run(engine, [ask(temperature=0.0, stop=(word,))])[0]
    assert stopped.finish_reason == "stop"
    assert stopped.text == plain.text[: plain.text.index(word)]


def test_long_prompts_and_full_windows(engine):
    with pytest.raises(LongPromptError, match="window of 256") as error:
        engine.add("x", ask("y" * 400))
    assert error.value.n_tokens > 400
    nearly = ask("y" * 220, max_tokens=200)
    room = 256 - engine.measure(nearly)
    done = run(engine, [nearly])[0]
    assert len(done.token_ids) <= room and (done.finish_reason == "length") == (
        len(done.token_ids) == room
    )


def test_platform_says_what_made_the_numbers(engine):
    assert engine.platform["engine"] == "vllm" and engine.platform["dtype"] == "float32"
    assert engine.platform["gpu"] and engine.platform["tensor_parallel"] == 1
