"""Prompts are looked at on a CPU, with the tokenizer of a shipped model and no engine."""

import json
from pathlib import Path

import pytest
from itc.config.model import Model
from itc.engines._base import PromptError
from itc.procedures._base import Work
from itc.procedures._options import ProcedureError
from itc.prompt_check import check_words, measure, open_prompter

TINY = str(Path(__file__).parents[3] / "models" / "tiny-direct")


def tiny(**changes) -> Model:
    return Model.model_validate({"title": "t", "reasoning": False, "model": TINY} | changes)


def work(bench, **settings):
    return Work(
        dataset="sums",
        model="tiny",
        procedure="sample",
        settings=bench.entry("sample", **settings),
        problems=bench.problems(12).to_dict("records"),
        parents=None,
        draws=range(1),
        seed=0,
        thinking=None,
    )


def test_every_prompt_is_measured_once(bench):
    (row,) = measure([work(bench)], open_prompter(tiny()))
    assert (row["prompts"], row["window"], row["too_long"]) == (12, 2048, 0)
    assert 10 < row["longest"] < 200


def test_prompts_over_the_window_are_counted_and_named(bench):
    prompter = open_prompter(tiny(max_model_len=10))
    with pytest.raises(ProcedureError, match="12 prompts leave no room in the window of 10") as no:
        measure([work(bench)], prompter)
    assert "sums/p0: " in str(no.value) and "and 2 more" in str(no.value)
    assert "long_prompt: skip" in str(no.value)
    (row,) = measure([work(bench, long_prompt="skip")], prompter)
    assert row["too_long"] == 12 and row["longest"] > 10


def test_words_that_begin_with_the_same_token_are_found_before_a_gpu_is_asked_for(bench):
    prompter = open_prompter(tiny())
    names = ("sample", "judge_score", "judge_yesno")
    check_words([(name, bench.entry(name)) for name in names], prompter)
    same = bench.entry("judge_yesno", words=["No", "Not"])
    with pytest.raises(ProcedureError, match=r"judge_yesno\.words: .*begin with the same token"):
        check_words([("judge_yesno", same)], prompter)


def test_a_model_without_tokenizer_or_template_is_told(tmp_path):
    with pytest.raises(PromptError, match=r"tokenizer of .* cannot be loaded"):
        open_prompter(tiny(model=str(tmp_path)))
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (tmp_path / name).write_bytes((Path(TINY) / name).read_bytes())
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    del settings["chat_template"]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(PromptError, match="no chat template"):
        open_prompter(tiny(model=str(tmp_path)))
