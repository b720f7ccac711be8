"""Cuts and counts of tokens with tokenizers of the odd kinds, against the offsets they report.

The reference is the tokenizers library: where a token of a text begins and ends, character by
character, as its own encoding says.
"""

from __future__ import annotations

import functools

import pytest
from itc.engines._base import Cut, Params, PromptError, Request
from itc.engines._prompt import Prompter

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

PAIR = ("<think>", "</think>")
QWEN = (  # how the tokenizers of Qwen2 and Llama 3 split a text before they merge bytes
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = [
    "<think>\nOne two three.\n</think>\n\nThe answer is five.",
    "<think>\nOne two three four five.</think>\n\nYes",
    "Wait. Yes or No? One two.\n\nFour five",
] * 20
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[answer]{{ opening or '' }}{% endif %}"
)


@functools.cache
def made(kind: str, delimiters: bool = False):
    """A tokenizer of some hundred tokens: qwen, gpt2 or sentencepiece; delimiters as tokens."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(byte_fallback=kind == "sentencepiece"))
    alphabet = []
    if kind == "sentencepiece":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tokenizer.decoder = decoders.Sequence(
            [
                decoders.Replace("▁", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        )
        alphabet = sorted(set("".join(TEXTS) + "▁[]gqasxk:?1234567890"))
    else:
        split = pre_tokenizers.Split(Regex(QWEN), "isolated")
        steps = [split] if kind == "qwen" else []
        steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind == "gpt2"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    texts = [t.replace("\n\n", "\n\n ") + "\n\n" for t in TEXTS] if kind == "gpt2" else TEXTS
    tokenizer.train_from_iterator(texts, trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", clean_up_tokenization_spaces=False
    )
    fast.add_tokens(["<turn>", *(PAIR if delimiters else ())], special_tokens=False)
    fast.chat_template = TEMPLATE
    return fast


def prompter(kind="qwen", delimiters=False, opening=None, stops=()) -> Prompter:
    return Prompter(
        made(kind, delimiters),
        window=4000,
        thinking=PAIR,
        template_kwargs={"opening": opening},
        stops=stops,
    )


def ask(*prefix, content="What?", parent="") -> Request:
    return Request(({"role": "user", "content": content},), Params(max_tokens=9), 0, prefix, parent)


def offsets(kind: str, text: str, delimiters: bool = False) -> list[tuple[int, int]]:
    """Where each token of ``text`` begins and ends, as the tokenizers library says."""
    return made(kind, delimiters).backend_tokenizer.encode(text, add_special_tokens=False).offsets


def answer(found: Prompter, text: str, reason="stop", end="<eos>", opened=()):
    """What ``finish`` makes of an answer ``text`` with an end-of-text token behind it."""
    ids = found.encode(text)
    if reason == "stop":
        ids += [found.tokenizer.convert_tokens_to_ids(end)]
    return found.finish("k", found.build(ask(*opened)), ids, reason)


def test_the_tokenizers_are_of_their_kinds():
    merged = [made("qwen").decode([i]) for i in made("qwen").encode(TEXTS[1])]
    assert ">\n" in merged and ".</" in merged  # delimiters that merge with their neighbours
    both = made("gpt2")
    assert len(both.encode("\n\n")) == 1 and both.encode("\n\nYes") == [
        *both.encode("\n"),
        *both.encode("\n"),
        *both.encode("Yes"),
    ]
    spaced = made("sentencepiece")
    assert spaced.decode(spaced.encode("five")) == "five"
    assert spaced.convert_ids_to_tokens(spaced.encode("five"))[0].startswith("▁")


WHOLE = [
    "<think>\nOne two three.\n</think>\n\nfive",
    "<think>\nOne two three four five.</think>\n\nYes",
    "<think>One two</think>five </think> One <think>",
    "<think></think>five",
    "One two three.\n</think>\n\nfive <think> is a tag",  # closed, never opened
    "Wait <think>four</think>five",
]


@pytest.mark.parametrize("kind", ["qwen", "gpt2", "sentencepiece"])
@pytest.mark.parametrize("delimiters", [False, True])
@pytest.mark.parametrize("text", WHOLE)
def test_tokens_of_the_thinking_are_those_between_the_delimiters(kind, delimiters, text):
    found = prompter(kind, delimiters)
    done = answer(found, text)
    assert done.text == text
    close = text.index(PAIR[1])
    assert done.thinking_end == close + len(PAIR[1])
    first = text.find(PAIR[0], 0, close)
    first = first + len(PAIR[0]) if first >= 0 else 0
    places = offsets(kind, text, delimiters)
    inside = [i for i, (a, b) in enumerate(places) if a >= first and b <= close and b > a]
    assert done.n_thinking_tokens == len(inside)
    ids = tuple(done.token_ids)
    for kept in range(len(inside) + 2):
        cut = found.build(ask(Cut(ids, kept), "\n</think>\n\n"))
        # A token that holds the end of the opening delimiter is kept with it.
        opened = max([first, *(b for a, b in places if a < first <= b <= close)])
        last = places[inside[min(kept, len(inside)) - 1]][1] if kept and inside else opened
        assert cut.prefix_text == text[:last] + "\n</think>\n\n"
        assert not cut.thinking_open
    longer = found.build(ask(Cut(ids, until="thinking"), "\nWait"))
    assert longer.prefix_text == text[:close] + "\nWait" and longer.thinking_open
    assert longer.prefix_ids[: len(inside)] == done.token_ids[: len(inside)]


@pytest.mark.parametrize("kind", ["qwen", "gpt2", "sentencepiece"])
def test_a_row_that_goes_on_reads_as_if_written_in_one_go(kind):
    found = prompter(kind)
    done = answer(found, "One two three.\n</think>\n\nfive")  # a block the model never opened
    prompt = found.build(ask(Cut(tuple(done.token_ids), until="thinking"), "Wait"))
    more = found.tokenizer.encode("x four five\n</think>\n\nYes")
    more = more[len(found.tokenizer.encode("x")) :]
    rest = found.finish("k", prompt, more, "length")
    assert rest.prefix_text + rest.text == found.decode(rest.prefix_ids + rest.token_ids)
    assert rest.thinking_open and rest.text == " four five\n</think>\n\nYes"
    assert rest.text[: rest.thinking_end] == " four five\n</think>"
    inside = rest.prefix_thinking_tokens + rest.n_thinking_tokens
    assert len(rest.prefix_ids) == rest.prefix_thinking_tokens and inside > len(rest.prefix_ids)


@pytest.mark.parametrize("delimiters", [False, True])
def test_an_end_of_text_in_a_thinking_is_neither_counted_nor_kept(delimiters):
    found = prompter(delimiters=delimiters)
    text = "<think>\nOne two three."
    done = answer(found, text)
    assert (done.text, done.thinking_end) == (text, None)
    assert done.n_thinking_tokens < len(done.token_ids) - 1
    for kept in (done.n_thinking_tokens, done.n_thinking_tokens + 1, 99):
        prompt = found.build(ask(Cut(tuple(done.token_ids), kept), "\n</think>\n\n"))
        assert prompt.prefix_text == text + "\n</think>\n\n"


def test_the_token_at_which_the_engine_stopped_is_no_text():
    turn = made("qwen").convert_tokens_to_ids("<turn>")
    found = prompter(stops=[turn])  # as generation_config.json lists it; not the tokenizer's own
    done = answer(found, "The answer is five", end="<turn>")
    assert done.text == "The answer is five" and done.token_ids[-1] == turn
    assert answer(found, "five", end="<eos>").text == "five"
    assert (
        found.build(ask(Cut(tuple(done.token_ids)), "\nWait")).prefix_text == done.text + "\nWait"
    )
    silent = prompter()  # the engine says that it stopped there, whatever the lists say
    ids = [*silent.encode("five"), turn]
    assert silent.finish("k", silent.build(ask()), ids, "stop", ended=True).text == "five"


def test_what_a_stop_string_cut_off_is_not_gone_on_from():
    found = prompter()
    ids = found.encode("One two three. The answer is five")
    text = "One two three. The"  # stopped at " answer is", which is in the tokens
    done = found.finish("k", found.build(ask()), ids, "stop", text, ended=False)
    cut = Cut(tuple(done.token_ids), characters=len(done.text))
    assert found.build(ask(cut, "\nWait")).prefix_text == text + "\nWait"
    half = Cut(tuple(done.token_ids), characters=len("One two thr"))  # within a token
    assert found.build(ask(half)).prefix_text == "One two thr"
    whole = Cut(tuple(found.encode("five four")), characters=len("five four"))
    assert found.build(ask(whole)).prefix_ids == list(whole.ids)


def test_white_space_before_what_follows_is_tokenised_as_before_a_word():
    found = prompter("gpt2", delimiters=True)
    prompt = found.build(ask("<think>\n\n</think>\n\n"))
    whole = found.encode("<think>\n\n</think>\n\nYes")
    assert prompt.ids[-len(prompt.prefix_ids) :] == prompt.prefix_ids
    assert prompt.prefix_ids == whole[: -len(found.encode("Yes"))]


@pytest.mark.parametrize("kind", ["qwen", "gpt2", "sentencepiece"])
@pytest.mark.parametrize("gap", ["\n\n", "\n", " ", "", " \n "])
def test_the_place_of_the_answer_is_behind_the_recorded_tokens(kind, gap):
    found = prompter(kind, delimiters=True)
    done = answer(found, f"<think>\nOne two.</think>{gap}Yes")
    prompt = found.build(ask(Cut(tuple(done.token_ids), until="answer")))
    count = len(prompt.prefix_ids)
    assert prompt.prefix_ids == done.token_ids[:count] and not prompt.thinking_open
    # What the model wrote next is the word, with the white space that its token includes.
    rest = found.decode(prompt.prefix_ids + done.token_ids[count:-1])[len(prompt.prefix_text) :]
    assert rest == prompt.lead + "Yes" and not prompt.lead.strip()
    assert found.word(prompt, "Yes") == done.token_ids[count:-1]


def test_an_answer_that_begins_in_the_delimiters_last_token_keeps_the_delimiter():
    found = prompter("qwen")
    done = answer(found, "<think>\nOne two three.</think>\nYes")
    prompt = found.build(ask(Cut(tuple(done.token_ids), until="answer")))
    assert prompt.prefix_text == "<think>\nOne two three.</think>\n" and not prompt.thinking_open


@pytest.mark.parametrize(
    ("opening", "written", "total"),
    [
        (None, "<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
        ("<think>\n", "<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
        ("<think>", "<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
        ("<think>\n\n\n", "<think>\n\n</think>\n\n", "<think>\n\n\n</think>\n\n"),
    ],
)
def test_an_empty_thinking_reads_the_same_whoever_opens_it(opening, written, total):
    found = prompter(delimiters=True, opening=opening)
    text = found.decode(found.build(ask(written)).ids)
    assert text.endswith("[answer]" + total)


def test_an_answer_goes_on_from_the_prompt_that_its_parent_answered():
    found = prompter()
    parent = answer(found, "<think>One</think>five").prompt_sha256
    found.build(ask(Cut((1, 2), 1), parent=parent))
    with pytest.raises(PromptError, match=r"given to another prompt.*system_prompt"):
        found.build(ask(Cut((1, 2), 1), content="Who?", parent=parent))


def test_templates_that_refuse_or_write_the_date():
    fast = made("qwen")
    refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('No system') }}{% endif %}x"
    found = Prompter(fast, window=100, thinking=None, chat_template=refusing)
    system = ({"role": "system", "content": "s"}, {"role": "user", "content": "q"})
    with pytest.raises(PromptError, match="refuses messages of roles system, user: No system"):
        found.build(Request(system, Params(max_tokens=9), 0))
    dated = "Today is {{ strftime_now('%d %B %Y') }}."
    found = Prompter(fast, window=100, thinking=None, chat_template=dated)
    assert found.decode(found.build(ask()).ids) == "Today is 01 January 2026."
