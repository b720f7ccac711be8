"""What each procedure asks for and records, with completions made up by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from itc import registry
from itc.config.model import Model
from itc.config.procedure import Options, Settings
from itc.engines._base import TOO_LONG, Completion, Cut, EngineError, active_thinking
from itc.engines._base import check as check_model
from itc.procedures import aggregate, extend, judge, revise, truncate
from itc.procedures._base import Ask, Response, Work, derive_seed
from itc.procedures._options import ProcedureError, check_prompts
from itc.procedures._rows import NO_RESPONSE, visible

PAIR = ("<think>", "</think>")
PROMPT = {"prompt": "Q: {{ question }}"}


def problem(name="p", answer_type="number"):
    return {
        "problem_id": name,
        "question": "1 + 1",
        "gold": "2",
        "answer_type": answer_type,
        "metadata": "{}",
    }


def parent(draw=0, text="<think>ab</think>\\boxed{2}", **changes):
    end = text.find(PAIR[1])
    ids = list(text.encode())
    thought = (end if end >= 0 else len(text)) - len(PAIR[0]) if text.startswith("<") else 0
    return {
        "response_id": f"s{draw}",
        "problem_id": "p",
        "draw": draw,
        "round": 0,
        "text": text,
        "thinking_end": None if end < 0 else end + len(PAIR[1]),
        "token_ids": ids,
        "n_output_tokens": len(ids),
        "n_thinking_tokens": thought,
        "n_prompt_tokens": 5,
        "finish_reason": "stop",
        "answer": "2",
        "prompt_sha256": "p0",
        "seed": 1,
        "engine": "x",
    } | changes


def asked(**settings) -> Settings:
    return Settings.of({"kind": "sample", "max_tokens": 9, **settings})


def work(parents: Any = None, thinking=PAIR, **settings) -> Work:
    return Work("d", "m", "proc", asked(**settings), [problem()], parents, range(2), 1, thinking)


def done(text: str, **changes: Any) -> Completion:
    """A completion whose tokens are its bytes."""
    end = text.find(PAIR[1])
    thought = (end if end >= 0 else len(text)) - len(PAIR[0]) if text.startswith("<") else 0
    values: dict[str, Any] = {
        "text": text,
        "token_ids": list(text.encode()),
        "finish_reason": "stop",
        "n_prompt_tokens": 7,
        "prompt_sha256": "0",
        "thinking_end": None if end < 0 else end + len(PAIR[1]),
        "n_thinking_tokens": thought,
    }
    return Completion(**values | changes)


def drive(chain, *replies) -> tuple[list[Ask], list[Response]]:
    """Run a chain on ready replies (a completion, or a list where it asks several at once)."""
    asks, rows, waiting = [], [], list(replies)
    step = next(chain)
    while True:
        try:
            if isinstance(step, Response):
                rows.append(step)
                step = next(chain)
            else:
                asks += step if isinstance(step, list) else [step]
                step = chain.send(waiting.pop(0))
        except StopIteration:
            assert not waiting
            return asks, rows


def test_every_module_keeps_the_contract():
    assert set(registry.names("procedures")) >= {
        "sample",
        "judge",
        "revise",
        "aggregate",
        "truncate",
        "extend",
    }
    for name in registry.names("procedures"):
        found = registry.constants("procedures", name)
        assert {"TITLE", "PARENT", "PROMPTS"} <= set(found), name
        module = registry.load("procedures", name)
        assert issubclass(module.Options, Options)
        assert all(callable(getattr(module, f)) for f in ("check", "requests", "chains"))


def test_seeds_differ_by_every_part_and_fit_in_63_bits():
    base = [1, "model", "data", "p1", "sample", 0, 0, ""]
    other = [2, "other", "more", "p2", "judge", 1, 1, "critique"]
    seeds = {derive_seed(*base)}
    for place, value in enumerate(other):
        seeds.add(derive_seed(*base[:place], value, *base[place + 1 :]))
    assert len(seeds) == 9 and all(0 <= s < 2**63 for s in seeds)
    assert derive_seed(*base) == derive_seed(*base)


def test_templates_are_sandboxed():
    with pytest.raises(Exception, match="unsafe"):
        work(prompts={"prompt": "{{ question.__class__.__mro__ }}"}).render(question="x")
    with pytest.raises(ProcedureError, match=r"hint.*known here: question"):
        work(prompts={"prompt": "{{ hint }}"}).render(question="x")
    with pytest.raises(ProcedureError, match="no prompt for role 'critique'"):
        work(prompts=PROMPT).render("critique")
    check_prompts("p", asked(prompts={"prompt": "{{ question }}"}), {"prompt": ("question",)})


def test_what_others_see_of_a_response():
    assert visible(parent()) == "\\boxed{2}"
    assert visible(parent(text="<think>never")) == NO_RESPONSE
    assert visible(parent(text="plain ", n_thinking_tokens=0)) == "plain"
    assert visible(parent(thinking_end=float("nan"), n_thinking_tokens=float("nan")))


# -- judge ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Score: 7", 7.0),
        ("**Score:** 7", 7.0),
        ("Score: 3, no, score: 8/10.", 8.0),
        ("score = 4.5", 4.5),
        ("Score: [9]", 9.0),
        ("Score: 11", None),
        ("Score: -3", None),
        ("I give it a 7", None),
        ("", None),
        ("<think>Score: 2</think>Score: 9", 9.0),
        ("<think>Score: 2</think>well", None),
        ("<think>Score: 2", None),
    ],
)
def test_scores_are_read_behind_the_thinking_or_missing(text, score):
    assert judge.read_score(parent(text=text), asked()) == score


def test_scale_of_the_scores():
    assert judge.read_score(parent(text="Score: 0"), asked(lowest=0, highest=1)) == 0.0


def test_judging_shows_the_visible_response_once_per_vote():
    job = work([parent(0), parent(1)], prompts={"prompt": "{{ response }}|{{ answer }}"}, votes=2)
    assert judge.requests(job) == 4
    chains = list(judge.chains(job))
    asks, rows = drive(chains[1], done("Score: 5"))
    assert (asks[0].prompt, asks[0].draw, asks[0].round) == ("\\boxed{2}|2", 0, 2)
    assert (rows[0].parents, rows[0].draw, rows[0].round) == (["s0"], 0, 2)


def test_probability_of_yes_among_the_two_words():
    job = work([parent()], thinking=None, scale="yesno", prompts={"prompt": "{{ response }}"})
    logs = {"choice:Yes": math.log(0.2), "choice:No": math.log(0.6)}
    for word, chosen in (("Yes", 0.25), ("No", 0.75)):
        asks, (row,) = drive(next(judge.chains(job)), done(word, logprobs=logs))
        assert asks[0].overrides == {"choices": ("Yes", "No"), "max_tokens": 1}
        assert row.logprobs == {"cumulative_logprob": pytest.approx(math.log(chosen), abs=1e-6)}
        recorded = vars(row) | row.logprobs
        assert judge.read_score(recorded, asked(scale="yesno")) == pytest.approx(0.25, abs=1e-6)
    assert judge.read_score(vars(row), asked(scale="yesno")) == 0.0  # no log-probs: the word counts
    assert judge.read_score(vars(row) | {"text": "Perhaps"}, asked(scale="yesno")) is None


def test_a_thinking_judge_thinks_first_and_pays_the_prompt_once():
    job = work([parent()], scale="yesno", prompts={"prompt": "{{ response }}"})
    assert judge.requests(job) == 2
    logs = {"choice:Yes": -0.1, "choice:No": -3.0}
    asks, (row,) = drive(
        next(judge.chains(job)), done("<think>ok</think>\n\nYes"), done("Y", logprobs=logs)
    )
    spoken = tuple(b"<think>ok</think>\n\nYes")
    assert asks[1].prefix == (Cut(spoken, until="answer"),)
    assert row.n_prompt_tokens == 7 and visible(vars(row)) == "Y"
    assert judge.read_score(vars(row) | row.logprobs, asked(scale="yesno")) > 0.9
    _, (row,) = drive(next(judge.chains(job)), done("<think>endless"))
    assert judge.read_score(vars(row), asked(scale="yesno")) is None


# -- revise --------------------------------------------------------------------------------------


def test_rounds_see_the_round_before():
    job = work([parent()], rounds=2, prompts={"prompt": "{{ response }}|{{ answer }}"})
    replies = done("<think>x</think>\\boxed{3}"), done("\\boxed{4}")
    asks, rows = drive(next(revise.chains(job)), *replies)
    assert [a.prompt for a in asks] == ["\\boxed{2}|2", "\\boxed{3}|3"]
    assert [r.parents for r in rows] == [["s0"], ["d/m/proc/p/0/1"]]
    assert [r.round for r in rows] == [1, 2]


def test_full_shows_the_thinking_too_and_no_answer_is_said():
    job = work(
        [parent(answer=None)], show="full", prompts={"prompt": "{{ response }}|{{ answer }}"}
    )
    asks, _ = drive(next(revise.chains(job)), done("x"))
    assert asks[0].prompt == "<think>ab</think>\\boxed{2}|(none)"


def test_critique_and_answer_are_one_response():
    job = work(
        [parent()],
        prompts={"prompt": "{{ critique }}", "critique": "? {{ response }}"},
        critique_tokens=4,
    )
    assert revise.requests(job) == 2
    asks, (row,) = drive(next(revise.chains(job)), done("bad \\boxed{9}"), done("so \\boxed{3}"))
    assert asks[0].overrides == {"max_tokens": 4} and asks[1].prompt == "bad \\boxed{9}"
    assert job.seed_of(asks[0]) != job.seed_of(asks[1])
    assert row.text == "bad \\boxed{9}\n\nso \\boxed{3}" and visible(vars(row)) == "so \\boxed{3}"
    assert row.n_output_tokens == len(row.token_ids) == 25 and row.n_thinking_tokens == 13
    assert row.n_prompt_tokens == 14 and job.answer_of(row) == "3"


# -- aggregate -----------------------------------------------------------------------------------


def group(count=4):
    return [
        parent(i, text=f"<think>{i}</think>\\boxed{{{i}}}", answer=str(i)) for i in range(count)
    ]


def test_groups_are_disjoint_and_numbered():
    job = work(group(9), width=4, show="answers", prompts={"prompt": "{{ answers|join(',') }}"})
    chains = list(aggregate.chains(job))
    assert len(chains) == 2 and aggregate.requests(job) == 2
    asks, (row,) = drive(chains[1], [done("\\boxed{5}")])
    assert (asks[0].prompt, row.draw, row.round) == ("4,5,6,7", 1, 1)
    assert row.parents == ["s4", "s5", "s6", "s7"]


def test_layers_feed_each_other():
    job = work(group(2), width=2, layers=2, prompts={"prompt": "{{ responses|join('+') }}"})
    assert aggregate.requests(job) == 3
    first = [done("\\boxed{8}"), done("<think>t</think>\\boxed{9}")]
    asks, rows = drive(next(aggregate.chains(job)), first, [done("\\boxed{1}")])
    assert [(r.draw, r.round) for r in rows] == [(0, 1), (1, 1), (0, 2)]
    assert asks[2].prompt == "\\boxed{8}+\\boxed{9}"
    assert rows[2].parents == ["d/m/proc/p/0/1", "d/m/proc/p/1/1"]


def test_summaries_are_bounded_and_charged():
    prompts = {"prompt": "{{ summaries|join('+') }}", "summary": "{{ response }}"}
    job = work(group(2), width=2, show="summaries", summary_tokens=3, prompts=prompts)
    assert aggregate.requests(job) == 3
    asks, (row,) = drive(next(aggregate.chains(job)), [done("a"), done("bc")], [done("\\boxed{1}")])
    assert [a.overrides.get("max_tokens") for a in asks] == [3, 3, None]
    assert asks[2].prompt == "a+bc" and row.n_output_tokens == 1 + 2 + 9
    assert visible(vars(row)) == "\\boxed{1}" and row.n_prompt_tokens == 21
    assert len({job.seed_of(a) for a in asks}) == 3


def test_a_selection_brings_the_chosen_text():
    job = work(group(4), show="select", prompts={"prompt": "{{ responses|join('+') }}"})
    _, (row,) = drive(next(aggregate.chains(job)), [done("<think>x</think>Response: 3")])
    assert visible(vars(row)) == "\\boxed{2}" and job.answer_of(row) == "2"
    assert row.n_output_tokens == row.n_thinking_tokens == len(b"<think>x</think>Response: 3")
    for reply in ("Response: 5", "none of the 4", "<think>Response: 1"):
        _, (row,) = drive(next(aggregate.chains(job)), [done(reply)])
        assert row.text == reply and job.answer_of(row) is None


# -- truncate and extend -------------------------------------------------------------------------


def test_truncation_forces_an_answer_after_so_many_tokens():
    job = work([parent()], budgets=[0, 1, 2], prompts=PROMPT, force="So ")
    zero, one, two = truncate.chains(job)
    prefix = "<think>\n\n</think>\n\nSo "
    asks, (row,) = drive(zero, done("\\boxed{5}", prefix_text=prefix, prefix_ids=[1, 2]))
    assert asks[0].prefix == (prefix,) and asks[0].prompt == "Q: 1 + 1"
    assert (row.n_thinking_tokens, row.n_output_tokens, row.n_prompt_tokens) == (0, 11, 7)
    assert visible(vars(row)) == "So \\boxed{5}" and row.round == 0
    kept = "<think>a\n</think>\n\nSo "
    asks, (row,) = drive(one, done("\\boxed{5}", prefix_text=kept, prefix_ids=[1, 2, 3]))
    assert asks[0].prefix == (Cut(tuple(parent()["token_ids"]), 1), "\n</think>\n\nSo ")
    assert row.n_thinking_tokens == 1 and row.text[: row.thinking_end] == "<think>a\n</think>"
    asks, (row,) = drive(two)  # the thinking had ended by then
    assert asks == [] and row.text == parent()["text"] and row.parents == ["s0"]


def test_a_thinking_that_never_closed_is_cut_at_its_end_at_the_latest():
    row = parent(text="<think>abcd", finish_reason="length")
    asks, (found,) = drive(
        next(truncate.chains(work([row], budgets=[99], prompts=PROMPT))),
        done("x", prefix_text="<think>abcd\n</think>\n\n", prefix_ids=[0] * 13),
    )
    assert asks[0].prefix[0].thinking_tokens == 4 and found.n_thinking_tokens == 4


def test_extension_replaces_the_end_of_the_thinking():
    job = work([parent()], times=2, wait="Wait", prompts=PROMPT)
    first = done(
        "c</think>\\boxed{3}",
        prefix_text="<think>ab\nWait",
        prefix_ids=list(b"<think>ab\nWait"),
        prefix_thinking_tokens=7,
        thinking_open=True,
        n_thinking_tokens=1,
    )
    endless = done(
        "ddd",
        prefix_text="<think>ab\nWaitc\nWait",
        prefix_ids=list(b"<think>ab\nWaitc\nWait"),
        prefix_thinking_tokens=13,
        thinking_open=True,
        n_thinking_tokens=3,
        finish_reason="length",
    )
    asks, rows = drive(next(extend.chains(job)), first, endless)
    first = Cut(tuple(parent()["token_ids"]), until="thinking")
    second = Cut(tuple(b"<think>ab\nWaitc</think>\\boxed{3}"), until="thinking")
    assert [ask.prefix for ask in asks] == [(first, "\nWait"), (second, "\nWait")]
    assert [ask.parent_sha256 for ask in asks] == ["p0", "p0"]
    assert rows[0].text == "<think>ab\nWaitc</think>\\boxed{3}"
    assert (rows[0].n_thinking_tokens, visible(vars(rows[0]))) == (8, "\\boxed{3}")
    assert (rows[1].thinking_end, rows[1].n_thinking_tokens) == (None, 16)
    assert rows[1].parents == ["d/m/proc/p/0/1"]


def test_what_cannot_be_extended_is_repeated():
    row = parent(text="<think>abcd", finish_reason="length")
    asks, rows = drive(next(extend.chains(work([row], times=2, prompts=PROMPT))))
    assert asks == [] and [r.text for r in rows] == [row["text"]] * 2
    assert [r.parents for r in rows] == [["s0"], ["d/m/proc/p/0/1"]]


def test_a_skipped_prompt_has_no_thinking():
    job = work([parent()], budgets=[1], prompts=PROMPT)
    skipped = done("", token_ids=[], finish_reason=TOO_LONG, n_thinking_tokens=0)
    _, (row,) = drive(next(truncate.chains(job)), skipped)
    assert (row.n_thinking_tokens, row.n_output_tokens, row.text) == (0, 0, "")
    for thinking, replies in ((None, [skipped]), (PAIR, [done("<think>a</think>Yes"), skipped])):
        judge_job = work([parent()], thinking, scale="yesno", prompts={"prompt": "{{ response }}"})
        _, (row,) = drive(next(judge.chains(judge_job)), *replies)
        assert row.finish_reason == TOO_LONG and row.logprobs == {}
        assert judge.read_score(vars(row), asked(scale="yesno")) is None


def test_a_thinking_that_is_switched_off_is_not_asked_for():
    prompts = {"prompt": "{{ response }}"}
    thinks = Model(title="m", model="m", reasoning=True, thinking=PAIR)
    for changes in ({"reasoning": False}, {"enable_thinking": False}):
        pair = active_thinking(thinks.model_copy(update=changes))
        job = work([parent()], pair, scale="yesno", votes=3, prompts=prompts)
        assert pair is None and judge.requests(job) == 1  # at once, and the same at each vote
        (chain,) = judge.chains(job)
        asks, _ = drive(chain, done("Y", logprobs={"choice:Yes": -1.0, "choice:No": -2.0}))
        assert len(asks) == 1 and asks[0].prefix == ()
        with pytest.raises(ProcedureError, match="switched off"):
            truncate.requests(work([parent()], pair, budgets=[1], prompts=PROMPT))
    assert active_thinking(thinks.model_copy(update={"enable_thinking": True})) == PAIR
    with pytest.raises(EngineError, match=r"'m': key 'reasoning'.*enable_thinking: false"):
        check_model("m", thinks.model_copy(update={"reasoning": False}))


def test_words_are_two_texts():
    prompts = {"prompt": "{{ response }}"}
    for words in ([True, False], ["Yes"], ["Yes", "Yes "], ["", "No"]):
        with pytest.raises(ProcedureError, match=r"p\.words.*(quotes|two different words)"):
            judge.check("p", asked(prompts=prompts, scale="yesno", words=words, name="p"))
    job = work([parent()], None, scale="yesno", words=[" Yes", " No"], prompts=prompts)
    logs = {"choice:Yes": math.log(0.3), "choice:No": math.log(0.1)}
    _, (row,) = drive(next(judge.chains(job)), done("Yes", logprobs=logs))
    score = judge.read_score(vars(row) | row.logprobs, job.settings)
    assert score == pytest.approx(0.75, abs=1e-6)


def test_resample_gives_other_seeds():
    asks = [Ask("p", draw, 0, "x") for draw in range(4)]
    first, again, more = (
        {replace(work(), resample=r).request(ask).seed for ask in asks} for r in (0, 1, 2)
    )
    assert len(first | again | more) == 12
    assert first == {work().seed_of(ask) for ask in asks}  # 0 is no part of a seed


def test_recorded_responses_without_tokens_cannot_be_cut():
    row = parent(token_ids=None)
    with pytest.raises(ProcedureError, match="no token ids"):
        drive(next(truncate.chains(work([row], budgets=[1], prompts=PROMPT))))
