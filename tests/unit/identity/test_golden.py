"""Literal hashes: what moves a path fails here, before it costs GPU hours."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from itc.config import identity
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.engines._base import Cut, Params, Request
from itc.generation_stream import key_of, refusal_key
from itc.procedures._base import Work

spec = importlib.util.spec_from_file_location("golden", Path(__file__).with_name("golden.py"))
assert spec is not None and spec.loader is not None
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)
PINNED: dict[str, dict[str, str]] = json.loads(golden.FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def today(request) -> dict[str, dict[str, str]]:
    patch = pytest.MonkeyPatch()
    request.addfinalizer(patch.undo)
    patch.chdir(golden.REPO)
    return golden.measured()


@pytest.mark.parametrize("section", PINNED)
def test_paths_are_those_that_were_pinned(today, section):
    """Entries that are not pinned may be added; one that is pinned may not move or go."""
    moved = {
        name: (pinned, today[section].get(name, "gone"))
        for name, pinned in PINNED[section].items()
        if today[section].get(name) != pinned
    }
    assert not moved, (
        "these paths moved, so their responses would be sampled again; if an entry or a template "
        "was changed on purpose, run tests/unit/identity/golden.py"
    )


def test_ten_entries_of_every_kind_are_pinned_and_differ():
    for section in ("models", "procedures", "datasets", "imports"):
        assert len(PINNED[section]) == len(set(PINNED[section].values())) == 10
    assert len(PINNED["config/paper.yaml"]) > 25 and len(PINNED["the default study"]) > 20


def test_the_key_of_a_request():
    """Keys are written into journals: what they are made of never changes."""
    model = Model(title="m", reasoning=True, model="a/b", thinking=("<t>", "</t>"), logprobs=5)
    settings = Settings.of({"kind": "sample", "max_tokens": 9, "temperature": 0.5})
    work = Work("d", "m", "sample", settings, [], None, range(1), 1, None)
    messages = ({"role": "user", "content": "hi"},)
    about = identity.of_model(model)
    plain = Request(messages, Params.of(settings.entry, logprobs=5), 7)
    assert key_of(about, work, plain) == PLAIN
    cut = Request(messages, plain.params, 7, ("<t>", Cut((1, 2), 2)))
    assert key_of(about, work, cut) == CUT
    assert refusal_key(PLAIN) == REFUSED
    # A field at its default, such as one that a later version adds, is no part of the key.
    assert cut.content()["prefix"] == ["<t>", {"ids": (1, 2), "thinking_tokens": 2}]
    assert set(plain.content()) == {"messages", "prefix", "params", "seed"}


PLAIN = "88858feee0585043309e93062deb40a16a0156c6c37fdd7921b3f5a6190dbab1"
CUT = "21c3f565be0dfbc1df862f3e4f3625a2db26be41aae00d73d94274614f296fd1"
REFUSED = "f17f4b92e5a1399d78cbea9f622d350b8fbc0d6c56fdfeddf20e8e628f078649"
