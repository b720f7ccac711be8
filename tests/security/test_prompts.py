"""Templates of prompts run in Jinja's sandbox, ours and those that come with a model."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from itc.engines._base import PromptError
from itc.engines._prompt import Prompter
from itc.procedures._options import template
from jinja2.exceptions import SecurityError, UndefinedError

REPO = Path(__file__).resolve().parents[2]
ATTACKS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ question.__class__.__base__.__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__ }}",
    "{{ ''|attr('__class__') }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ '{0.__class__}'.format(question) }}",
    "{{ range(10**9)|list }}",
]


def contained(render) -> bool:
    """Whether the attack is refused, or prints nothing it was after."""
    try:
        shown = render()
    except (SecurityError, UndefinedError, OverflowError):
        return True
    except PromptError as error:
        return isinstance(error.__cause__, (SecurityError, UndefinedError, OverflowError))
    return not any(word in shown for word in ("class", "uid=", "object", "{"))


@pytest.mark.parametrize("text", ATTACKS)
def test_our_templates_reach_nothing(text):
    assert contained(lambda: template(text).render(question="q"))


def test_the_attacks_are_attacks():
    """Without the sandbox they reach what they are after."""
    plain = [jinja2.Environment().from_string(text) for text in ATTACKS[:3]]
    assert not any(contained(lambda: attack.render(question="q")) for attack in plain)  # noqa: B023


@pytest.mark.parametrize("name", ["/etc/passwd", "sample.j2", "../default.yaml"])
def test_our_templates_include_no_file(name):
    with pytest.raises((TypeError, jinja2.TemplateError)):
        template(f"{{% include '{name}' %}}").render(question="q")


def test_text_of_a_response_is_notemplate():
    hostile = "{{ ''.__class__ }} {% raw %}"
    assert hostile in template("{{ question }}").render(question=hostile)


@pytest.fixture(scope="module")
def tokenizer():
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    return transformers.AutoTokenizer.from_pretrained(REPO / "models/tiny-direct")


@pytest.mark.parametrize("text", ATTACKS)
def test_a_models_chat_template_reaches_nothing(tokenizer, text):
    made = Prompter(tokenizer, window=100_000, thinking=None, chat_template=text, name="hostile")
    assert contained(lambda: made.decode(made._chat(({"role": "user", "content": "q"},), {}).ids))
