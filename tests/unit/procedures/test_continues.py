"""What goes on from recorded tokens is refused where it would not be exact."""

from __future__ import annotations

import pytest
from itc import registry
from itc.config.model import Model
from itc.config.procedure import ProcedureError, Settings
from itc.procedures._continues import check_engine, check_parent, continues

THINKS = {"title": "m", "reasoning": True, "model": "m", "thinking": ("<think>", "</think>")}
SERVED = {"engine": "openai", "base_url": "http://h/v1"}


def settings(kind="sample", prompt="{{ question }}", name="p", **more) -> Settings:
    entry = {"kind": kind, "max_tokens": 9, "prompts": {"prompt": prompt}, "name": name}
    if kind == "truncate":
        entry["budgets"] = [0, 4]
    return Settings.of(entry | more)


@pytest.mark.parametrize(
    ("kind", "more", "thinks", "direct"),
    [
        ("sample", {}, False, False),
        ("revise", {}, False, False),
        ("judge", {}, False, False),
        ("judge", {"scale": "yesno"}, True, False),
        ("truncate", {}, True, True),
        ("extend", {}, True, True),
    ],
)
def test_chat_servers_are_refused_before_anything_is_asked(kind, more, thinks, direct):
    found = settings(kind, **more)
    for changes, expected in (({}, thinks), ({"enable_thinking": False}, direct)):
        model = Model.model_validate(THINKS | SERVED | changes)
        assert continues(found, model) is expected
        if expected:
            with pytest.raises(ProcedureError, match=r"procedures\.p: .*chat server.*tokenizer"):
                check_engine("p", found, "m", model)
        else:
            check_engine("p", found, "m", model)
        for exact in ({"engine_options": {"tokenizer": "x"}}, {"engine": "vllm"}):
            check_engine("p", found, "m", model.model_copy(update=exact))


def test_a_child_that_continues_has_its_parents_prompt():
    parent = settings(name="sample", system_prompt="Be brief.")
    same = "{# the same #}{{ question }}"
    check_parent("p", settings("truncate", same, system_prompt="Be brief."), parent)
    check_parent("p", settings("judge", "{{ response }}"), parent)  # it asks anew
    with pytest.raises(ProcedureError, match=r"procedures\.p\.system_prompt: .*parent 'sample'"):
        check_parent("p", settings("truncate"), parent)
    other = settings("extend", "Q: {{ question }}", system_prompt="Be brief.")
    with pytest.raises(ProcedureError, match=r"procedures\.p\.prompt: differs"):
        check_parent("p", other, parent)


def test_every_kind_says_whether_it_continues():
    known = {name for name in registry.names("procedures") if hasattr(_module(name), "continues")}
    assert known == {"judge", "truncate", "extend"}
    shared = {n for n in known if registry.constants("procedures", n).get("CONTINUES_PARENT")}
    assert shared == {"truncate", "extend"}


def _module(name):
    return registry.load("procedures", name)
