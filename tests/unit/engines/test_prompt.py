"""From messages to tokens and back, with the scripted engine's byte tokenizer."""

from __future__ import annotations

import pytest
from itc.engines._base import (
    Cut,
    LongPromptError,
    Params,
    PromptError,
    Request,
    find_thinking_end,
    left_open,
)
from itc.engines._logprobs import Summary
from itc.engines._prompt import Prompter
from itc.engines.scripted import ByteTokenizer

PAIR = ("<think>", "</think>")


class Opening(ByteTokenizer):
    """A template that opens the thinking itself, as that of DeepSeek-R1."""

    def apply_chat_template(self, messages, add_generation_prompt, **_):
        text = super().apply_chat_template(messages, add_generation_prompt)
        return text + ("<think>\n" if add_generation_prompt else "")


def prompter(tokenizer=None, window=1000):
    return Prompter(tokenizer or ByteTokenizer(), window=window, thinking=PAIR)


def ask(content="hi", prefix=()):
    return Request(({"role": "user", "content": content},), Params(max_tokens=9), 0, prefix)


def finish(text, tokenizer=None, request=None, reason="stop"):
    made = prompter(tokenizer)
    prompt = made.build(request or ask())
    return made.finish("k", prompt, list(text.encode()), reason)


@pytest.mark.parametrize(
    ("text", "end", "thought"),
    [
        ("<think>abc</think>x", 18, 3),
        ("a<think>abc</think>x<think>d</think>", 19, 3),
        ("<think>abc", None, 3),
        ("abc</think>x", 11, 3),
        ("plain", None, 0),
        ("<think></think>x", 15, 0),
        ("<think>é</think>x", 16, 2),
    ],
)
def test_where_thinking_ends_and_how_long_it_is(text, end, thought):
    done = finish(text)
    assert (done.thinking_end, done.n_thinking_tokens) == (end, thought)


def test_a_template_that_opens_the_thinking():
    done = finish("abc</think>x", Opening())
    assert (done.thinking_open, done.thinking_end, done.n_thinking_tokens) == (True, 11, 3)
    never = finish("abc", Opening(), reason="length")
    assert (never.thinking_end, never.n_thinking_tokens) == (None, 3)


def test_a_prefilled_block_is_not_opened_twice():
    prompt = prompter(Opening()).build(ask(prefix=("<think>\n\n</think>\n\n",)))
    text = bytes(prompt.ids).decode()
    assert text.count("<think>") == 1 and text.endswith("</think>\n\n")
    assert not prompt.thinking_open


def test_delimiters_shown_in_the_prompt_do_not_count():
    prompt = prompter().build(ask("what does <think> mean?"))
    assert not prompt.thinking_open


def test_cuts_keep_so_many_tokens_of_the_thinking():
    ids = tuple(b"<think>abcdef</think>x")
    for kept, text in ((0, "<think>"), (2, "<think>ab"), (6, "<think>abcdef")):
        prompt = prompter().build(ask(prefix=(Cut(ids, kept),)))
        assert (prompt.prefix_text, prompt.prefix_thinking_tokens) == (text, kept)
    opened = prompter(Opening()).build(ask(prefix=(Cut(tuple(b"abcdef</think>x"), 2), "\nWait")))
    assert (opened.prefix_text, opened.prefix_thinking_tokens) == ("ab\nWait", 7)


def test_no_template_and_no_room():
    bare = ByteTokenizer()
    bare.chat_template = None
    with pytest.raises(PromptError, match="no chat template"):
        prompter(bare)
    with pytest.raises(LongPromptError, match="window of 50"):
        prompter(window=50).build(ask("x" * 60))


def test_delimiters():
    assert find_thinking_end("a</think>", True, PAIR) == 9
    assert find_thinking_end("a", True, PAIR) is None
    assert find_thinking_end("a</think>", False, None) is None
    assert left_open("<think>a</think><think>", PAIR) and not left_open("<think></think>", PAIR)


def test_summary_of_a_known_stream():
    summary = Summary(2, window=2)
    for top in ([-1.0, -3.0], [-2.0, -4.0], [0.0, -10.0]):
        summary.add(top[0], top)
    found = summary.result()
    assert found["cumulative_logprob"] == -3.0
    assert found["confidence_mean"] == pytest.approx((2 + 3 + 5) / 3, abs=1e-6)
    assert found["confidence_tail"] == 4.0 and found["confidence_lowest"] == 2.5
    assert Summary(2).result() == {}


def test_summary_is_the_same_in_blocks():
    small, large = Summary(3, 10), Summary(3, 10)
    for i in range(1000):
        small.add(-1.0, [-0.1 - i % 7, -2.0 - i % 3, float("-inf")])
        large.add(-1.0, [-0.1 - i % 7, -2.0 - i % 3, float("-inf")])
        small._fold()
    assert small.result() == pytest.approx(large.result())
