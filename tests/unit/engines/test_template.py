"""Variables of chat templates: those of real families reach the prompt, unknown ones are named.

The templates are our own, small ones with the variables that the families' templates have.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config
from itc.config.model import Model
from itc.engines import _template
from itc.engines._base import Params, PromptError, Request, active_thinking, template_kwargs
from itc.grid import Grid
from itc.grid.checks import check
from itc.prompt_check import open_prompter

ROOT = Path(__file__).parents[3]
TALK = "{%- for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
START = "{%- if add_generation_prompt %}[assistant]"
FAMILIES = {
    # Qwen3, GLM-4.5, SmolLM3: thinking is on unless it is switched off.
    "switch": TALK
    + START
    + "{%- if enable_thinking is defined and not enable_thinking %}"
    + "{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}",
    # DeepSeek V3.1: the variable has a default of the template's own.
    "thinking": "{%- if not thinking is defined %}{% set thinking = false %}{% endif %}"
    + TALK
    + START
    + "{%- if thinking %}<think>{% else %}</think>{% endif %}{% endif %}",
    # gpt-oss: a level in the system message, a day, a tag of transformers' own.
    "effort": "{%- macro head() %}Reasoning: {{ reasoning_effort|default('medium') }}{% endmacro %}"
    + "{{- head() }} {{ strftime_now('%Y') }}{{ model_identity|default('') }}"
    + TALK
    + "{%- generation %}{% endgeneration %}"
    + START
    + "{%- endif %}",
    # Seed-OSS: a budget in words.
    "budget": TALK + START + "{%- if thinking_budget %}budget {{ thinking_budget }}{% endif %}"
    "{%- for n in range(2) %}{% if n %}{% break %}{% endif %}{% endfor %}{%- endif %}",
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A tokenizer with each family's template, weights left out."""
    made = {}
    for name, template in FAMILIES.items():
        folder = tmp_path_factory.mktemp("family") / name
        shutil.copytree(ROOT / "models" / "tiny-direct", folder)
        (folder / "chat_template.jinja").write_text(template)
        made[name] = folder
    return made


def model(folder: Path, **keys) -> Model:
    values = {"title": "t", "reasoning": True, "model": str(folder)}
    return Model.model_validate(values | {"thinking": ["<think>", "</think>"]} | keys)


def prompt(entry: Model, **template) -> str:
    made = open_prompter(entry)
    request = Request(({"role": "user", "content": "Hi"},), Params(max_tokens=1), 0)
    request = Request(request.messages, request.params, 0, template=template)
    return made.decode(made.build(request).ids)


def test_each_familys_variables_are_known():
    assert {name: _template.variables(text) for name, text in FAMILIES.items()} == {
        "switch": ("enable_thinking",),
        "thinking": ("thinking",),
        "effort": ("model_identity", "reasoning_effort"),
        "budget": ("thinking_budget",),
    }


def test_variables_of_the_model_reach_the_prompt(folders):
    switch = folders["switch"]
    assert "<think>" not in prompt(model(switch, enable_thinking=True))
    assert prompt(model(switch, enable_thinking=False)).endswith("</think>\n\n")
    short = model(switch, chat_template_kwargs={"enable_thinking": False})
    assert short == model(switch, enable_thinking=False)
    on, off = ({"chat_template_kwargs": {"thinking": value}} for value in (True, False))
    assert prompt(model(folders["thinking"], **on)).endswith("<think>")
    assert prompt(model(folders["thinking"], **off)).endswith("</think>")
    assert "Reasoning: high" in prompt(model(folders["effort"], effort="high"))
    assert "Reasoning: medium" in prompt(model(folders["effort"]))
    budget = {"effort": 512, "effort_as": "thinking_budget"}
    assert prompt(model(folders["budget"], **budget)).endswith("budget 512")


def test_a_procedures_variables_win_and_prompts_are_not_mixed_up(folders):
    entry = model(folders["effort"], effort="low")
    made = open_prompter(entry)
    texts = []
    for level in ("high", None, "high", "medium"):
        template = {} if level is None else {"reasoning_effort": level}
        request = Request(
            ({"role": "user", "content": "Hi"},), Params(max_tokens=1), 0, template=template
        )
        texts.append(made.decode(made.build(request).ids))
    found = [text.split("Reasoning: ")[1].split()[0] for text in texts]
    assert found == ["high", "low", "high", "medium"]


def test_an_unknown_variable_lists_those_it_knows(folders):
    with pytest.raises(PromptError, match=r"no variable 'enable_thinking'; it knows: thinking"):
        open_prompter(model(folders["thinking"], enable_thinking=True))
    wrong = {"chat_template_kwargs": {"thinking_budgets": 3}}
    with pytest.raises(PromptError, match="did you mean 'thinking_budget'"):
        open_prompter(model(folders["budget"], **wrong))
    with pytest.raises(PromptError, match=r"'reasoning_effort'; it knows: .*`effort_as` names"):
        open_prompter(model(folders["switch"], effort="high"))  # effort without support
    with pytest.raises(PromptError, match="no variable 'depth'"):
        prompt(model(folders["effort"]), depth=3)


def test_the_plan_refuses_what_a_local_template_does_not_know(folders):
    raw: dict = {}
    for stem in ("default", "datasets", "models", "procedures"):
        raw |= yaml.safe_load((ROOT / "config" / f"{stem}.yaml").read_text())
    raw["study"]["models"] = ["tiny-direct"]
    raw["study"]["procedures"] = ["sample"]
    raw["study"]["strategies"] = ["single"]
    raw["models"]["tiny-direct"]["model"] = str(folders["switch"])
    raw["procedures"]["sample"]["chat_template_kwargs"] = {"enable_thinking": True}
    grid = Grid(read_config(raw), ROOT)
    check(grid)
    asked = grid.settings_of(grid.runs[0]).entry.chat_template_kwargs
    assert asked == {"enable_thinking": True}
    raw["procedures"]["sample"]["chat_template_kwargs"] = {"thinkng": True}
    with pytest.raises(ConfigError, match=r"procedures\.sample.*no variable 'thinkng'"):
        check(Grid(read_config(raw), ROOT))


def test_a_template_file_wins_and_a_missing_one_is_named(folders, tmp_path):
    file = tmp_path / "own.jinja"
    file.write_text(FAMILIES["budget"])
    entry = model(folders["switch"], chat_template=str(file))
    assert prompt(entry, thinking_budget=7).endswith("budget 7")
    with pytest.raises(PromptError, match=r"key 'chat_template': .*absent.* cannot be read"):
        open_prompter(model(folders["switch"], chat_template=str(tmp_path / "absent")))


def test_levels_that_turn_the_thinking_off():
    entry = model(Path("x"), effort="none", effort_of="x")
    assert active_thinking(entry) is None
    assert active_thinking(model(Path("x"), effort="low")) == ("<think>", "</think>")
    assert template_kwargs(model(Path("x"), effort="low", effort_as=None)) == {}


def test_a_switch_given_twice_differently_is_refused():
    given = {"enable_thinking": True, "chat_template_kwargs": {"enable_thinking": False}}
    with pytest.raises(ValueError, match="enable_thinking is given twice"):
        model(Path("x"), **given)
