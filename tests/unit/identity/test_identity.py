"""One rule decides what is the same response: what differs from a declared neutral value."""

from __future__ import annotations

import random
import typing
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from itc import registry
from itc.config import identity
from itc.config.dataset import Dataset, Import
from itc.config.fields import ALWAYS, Decides, Incidental, mark, neutral
from itc.config.model import Model, Price, Shape
from itc.config.procedure import Options, Procedure, Settings
from itc.config.templates import normal
from itc.engines._base import Params, Request
from pydantic import BaseModel, ValidationError

KINDS = {name: registry.load("procedures", name).Options for name in registry.names("procedures")}
SECTIONS = [Model, Procedure, Params, Dataset, Import, Shape, Price, *KINDS.values()]
# Values to try by type; those that a field refuses are left out.
POOL = [True, False, 0, 1, 2, 7, 0.5, 0.25, "a", "b/c", "skip", "float32", (), ["a"], ("a", "b")]
POOL += [("c", "d"), {}, {"a": 1}, {"a": {"b": [2]}}, None]
POOL += [{"a": "b"}, [{"a": 1}]]
BASE: dict[type[BaseModel], dict[str, Any]] = {
    Model: {"title": "m", "reasoning": True},
    Procedure: {"kind": "sample", "max_tokens": 9},
    Dataset: {"title": "d", "loader": "local", "answer_type": "number"},
    Import: {"format": "jsonl", "file": "f"},
}


def words(section: type[BaseModel], name: str) -> list[Any]:
    """Values of a field that is a choice of words."""
    annotation = section.model_fields[name].annotation
    parts = (annotation, *typing.get_args(annotation))
    return [w for p in parts if typing.get_origin(p) is typing.Literal for w in typing.get_args(p)]


def accepted(section: type[BaseModel], name: str) -> list[Any]:
    """Values of one field that the section takes, as it keeps them; none twice."""
    found: list[Any] = []
    for value in [*words(section, name), *POOL]:
        try:
            kept = getattr(section.model_validate({**BASE.get(section, {}), name: value}), name)
        except (ValidationError, ValueError):
            continue
        if identity.plain(kept) not in [identity.plain(other) for other in found]:
            found.append(kept)
    return found


CANDIDATES = {
    section: {name: accepted(section, name) for name in section.model_fields}
    for section in (Model, Procedure, Dataset, Import)
}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: f"{s.__module__}.{s.__name__}")
def test_every_field_says_whether_it_decides(section):
    for name in section.model_fields:
        assert isinstance(mark(section, name), Decides | Incidental)


# Fields whose default is another than the value at which they do nothing, since there is one.
OWN_DEFAULTS = {"temperature", "top_p", "logprobs"}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: f"{s.__module__}.{s.__name__}")
def test_a_field_is_neutral_unless_somebody_sets_it(section):
    for name, field in section.model_fields.items():
        about = mark(section, name)
        decides = isinstance(about, Decides) and about.neutral is not ALWAYS
        if decides and name not in OWN_DEFAULTS:
            default = field.get_default(call_default_factory=True)
            assert identity.plain(default) == identity.plain(about.neutral), name


def test_a_field_without_a_mark_is_an_error():
    class Bare(Options):
        value: int = 0

    with pytest.raises(TypeError, match=r"Bare.value: needs one mark"):
        identity.deciding(Bare())
    with pytest.raises(TypeError, match="max_tokens has no neutral value"):
        neutral(Procedure, "max_tokens")


def told(section: type[BaseModel], values: dict[str, Any]) -> str:
    """Hash of an entry's identity."""
    entry = section.model_validate(values)
    if isinstance(entry, Model):
        return identity.digest(identity.of_model(entry))
    if isinstance(entry, Procedure):
        return identity.digest(identity.of_procedure(Settings.of(values)))
    if isinstance(entry, Dataset):
        return identity.digest(identity.of_dataset(entry))
    assert isinstance(entry, Import)
    return identity.digest(identity.of_import(entry, ["00"]))


SPECIAL = {"engine", "kind", "loader", "format", "prompt"}  # names of files, tried below
OF = {Model: "responses", Procedure: "responses", Dataset: "dataset", Import: "import"}


@st.composite
def entries(draw):
    section = draw(st.sampled_from(list(CANDIDATES)))
    possible = {n: v for n, v in CANDIDATES[section].items() if v and n not in SPECIAL}
    chosen = draw(
        st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in possible.items()})
    )
    return section, {**BASE[section], **chosen}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(entries(), st.randoms(use_true_random=False))
def test_how_an_entry_is_written_changes_nothing(entry, shuffled: random.Random):
    section, values = entry
    try:
        whole = section.model_validate(values).model_dump(mode="json")
    except ValidationError:
        return  # a pair of values that do not go together
    before = told(section, values)
    keys = list(whole)
    shuffled.shuffle(keys)
    assert told(section, {key: whole[key] for key in keys}) == before  # defaults written out
    text = yaml.safe_dump(whole, default_flow_style=shuffled.random() < 0.5)
    assert told(section, yaml.safe_load("# a comment\n" + text)) == before


@settings(max_examples=300, deadline=None, derandomize=True)
@given(entries(), st.data())
def test_a_key_changes_the_hash_if_it_decides_and_only_then(entry, data):
    section, values = entry
    names = [n for n, v in CANDIDATES[section].items() if len(v) > 1 and n not in SPECIAL]
    name = data.draw(st.sampled_from(names))
    old, new = (data.draw(st.sampled_from(CANDIDATES[section][name])) for _ in range(2))
    try:
        hashes = [told(section, {**values, name: value}) for value in (old, new)]
    except ValidationError:
        return
    about = mark(section, name)
    decides = isinstance(about, Decides) and about.of == OF[section]
    same = identity.plain(old) == identity.plain(new)
    assert (hashes[0] == hashes[1]) is (same or not decides)


def test_the_trial_covers_the_fields_that_decide():
    """Not vacuous: nearly every field that decides has two values to tell apart."""
    for section, found in CANDIDATES.items():
        deciding = {n for n in found if isinstance(mark(section, n), Decides) and n not in SPECIAL}
        tried = {n for n in deciding if len(found[n]) > 1}
        assert len(tried) >= 0.8 * len(deciding), (section, deciding - tried)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_options_of_a_procedure_follow_the_same_rule(kind):
    start = {"kind": kind, "max_tokens": 9} | ({"budgets": [0]} if kind == "truncate" else {})
    plain = told(Procedure, start)
    defaults = KINDS[kind].model_validate({"budgets": [0]} if kind == "truncate" else {})
    assert told(Procedure, {**start, **defaults.model_dump(mode="json")}) == plain
    for name in KINDS[kind].model_fields:
        for value in [*words(KINDS[kind], name), 3, "text", ("a", "b"), [5]]:
            try:
                changed = told(Procedure, {**start, name: value})
            except ValueError:
                continue
            decides = isinstance(mark(KINDS[kind], name), Decides)
            same = identity.plain(getattr(defaults, name)) == identity.plain(value)
            assert (changed == plain) is (same or not decides), (name, value)


def model(**changes: Any) -> dict[str, Any]:
    return identity.of_model(Model.model_validate({"title": "m", "reasoning": True} | changes))


def test_patience_place_and_speed_decide_nothing():
    served = {"engine": "openai", "model": "x", "base_url": "http://a/v1"}
    assert model(**served) == model(
        **served, engine_options={"tries": 20, "timeout": 9, "pause": 1}
    )
    assert model(**served) == model(**{**served, "base_url": "http://b/v1"}, concurrency=3)
    assert model(**served) != model(**served, engine_options={"tokenizer": "a/b"})
    fast = {"max_num_batched_tokens": 4096, "swap_space": 2, "disable_log_stats": True}
    assert model(model="a/b") == model(model="a/b", engine_options=fast)
    assert model(model="a/b") == model(model="a/b", serving_options={"kv_offload": "x"})
    assert model(model="a/b") != model(model="a/b", engine_options={"kv_cache_dtype": "fp8"})
    for name, value in (("gpu", 4), ("max_num_seqs", 9), ("tensor_parallel_size", 2)):
        assert model(model="a/b") == model(model="a/b", **{name: value})
    assert model(model="a/b") != model(model="a/b", logprobs=3)
    assert model(model="a/b") != model(model="a/b", resample=1)


def test_a_long_prompt_is_no_identity_of_a_procedure():
    start = {"kind": "sample", "max_tokens": 9}
    assert told(Procedure, start) == told(Procedure, {**start, "long_prompt": "skip"})


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("{# version: 2 -#}\n{{ question | trim }}", True),
        ("{{ question | trim }}{# tail #}", True),
        ("{{question|trim}}", True),
        ("{{ question | trim }}\n", True),  # a last line feed is not rendered
        ("{{ question | trim }}\n\n", False),
        ("{{ question }}", False),
        ("{# head #}\n{{ question | trim }}", False),  # this comment leaves an empty line
        ("{% raw %}{# kept #}{% endraw %}{{ question | trim }}", False),
    ],
)
def test_comments_of_templates_change_nothing(text, same):
    plain = "{{ question | trim }}"
    squeezed = [normal(t).replace(" ", "") for t in (plain, text)]
    assert (squeezed[0] == squeezed[1]) is same
    if "{{question" not in text:
        assert (normal(plain) == normal(text)) is same


def test_a_tag_that_eats_whitespace_is_not_taken_for_one_that_does_not():
    texts = ["{% if a %}\nx{% endif %}", "{% if a -%}\nx{% endif %}", "{% if a %}x{% endif %}"]
    assert normal(texts[1]) == normal(texts[2]) != normal(texts[0])
    # In chat templates a tag eats the line feed after it.
    assert normal(texts[0], chat=True) == normal(texts[2], chat=True)
    assert normal("{% if a %}{# c #}\n\nx{% endif %}", chat=True) == normal(
        "{% if a %}\n\nx{% endif %}", chat=True
    )
    assert normal('{# a #}{{ "open }}') == '{# a #}{{ "open }}'  # no template: left as it is


def test_datasets_and_imports_follow_the_same_rule():
    start = {"title": "d", "loader": "huggingface", "answer_type": "math", "repo": "a/b"}
    plain = told(Dataset, start)
    out = {"cpu_seconds": 6, "columns": {}, "where": {}, "size": None, "licence": "unknown"}
    assert told(Dataset, {**start, **out}) == plain
    # A checksum verifies what the revision names, so pinning it later changes nothing.
    assert told(Dataset, {**start, "sha256": {"f": "00"}, "problems": 9}) == plain
    for key, value in {"cpu_seconds": 7, "revision": "1", "where": {"a": 1}, "size": 3}.items():
        assert told(Dataset, {**start, key: value}) != plain
    one = {"format": "jsonl", "file": "f"}
    entry = Import.model_validate(one)
    assert identity.of_import(entry, ["0"]) != identity.of_import(entry, ["1"])
    assert told(Import, one) == told(Import, {**one, "credit": "x", "sha256": "00", "columns": {}})


def test_a_new_sampling_parameter_at_its_neutral_value_changes_no_request():
    request = Request(({"role": "user", "content": "hi"},), Params(max_tokens=9), 1)
    assert request.content()["params"] == {"temperature": 0.8, "top_p": 0.95, "max_tokens": 9}


def test_behaviour_numbers_part_what_was_made_before_and_after(monkeypatch):
    before = model(model="a/b"), told(Procedure, {"kind": "judge", "max_tokens": 9})
    monkeypatch.setattr(identity, "behaviour", lambda kind, name: {1: "x", 2: "y"})
    assert model(model="a/b") == {**before[0], "behaviour": 2}
    assert told(Procedure, {"kind": "judge", "max_tokens": 9}) != before[1]
