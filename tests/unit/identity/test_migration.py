"""Which key a run differs in, in the words of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from itc import migration
from itc.config import identity
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.journal import Journal, request_key
from itc.migration import ABSENT, Change, changes


def made(seed: int = 1, parent: str | None = None, model: dict[str, Any] | None = None, **asked):
    entry = Model.model_validate({"title": "m", "reasoning": True, "model": "a/b", **(model or {})})
    texts = {"prompt": asked.pop("text", "{{ question }}")}
    values = {"kind": "judge", "max_tokens": 9, "prompts": texts, **asked}
    return identity.of_responses(seed, identity.of_model(entry), Settings.of(values), parent)


def told(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [str(change) for change in changes(one, other, "scores")]


def test_keys_bear_the_names_of_the_configuration():
    base = made()
    assert told(base, base) == []
    assert told(base, made(seed=2)) == ["study.seed: 1 -> 2"]
    assert told(base, made(temperature=0.5)) == ["procedures.scores.temperature: 0.8 -> 0.5"]
    assert told(base, made(votes=3)) == [f"procedures.scores.votes: {ABSENT} -> 3"]
    assert told(base, made(model={"dtype": "float32"})) == [f'model.dtype: {ABSENT} -> "float32"']
    options = {"engine_options": {"hf_overrides": {"x": 1}}}
    assert told(made(model=options), base) == [
        f'model.engine_options.hf_overrides: {{"x": 1}} -> {ABSENT}'
    ]
    assert told(base, made(parent="00")) == [
        f'responses of the parent of `scores`: {ABSENT} -> "00"'
    ]
    assert told(base, made(system_prompt="Be brief.")) == [
        f'procedures.scores.system_prompt: {ABSENT} -> "Be brief."'
    ]


def test_long_texts_are_cut_to_where_they_part():
    words = "A long text that says the same for a while, and goes on. " * 5
    (line,) = told(made(text=words + "One."), made(text=words + "Two."))
    assert line.startswith("text of the template of `scores`, role prompt: ")
    assert 'One."' in line and 'Two."' in line and len(line) < 250


def test_a_behaviour_number_says_why(monkeypatch):
    reasons = {1: "old", 2: "yes and no are asked at the recorded tokens"}
    monkeypatch.setattr(migration, "behaviour", lambda *_: reasons)
    change = Change("procedures.scores (procedures judge).behaviour", 1, 2)
    assert str(change).endswith(": 1 -> 2 (yes and no are asked at the recorded tokens)")


def folder(root: Path, name: str, about: dict[str, Any] | None, answers: int = 1) -> Path:
    place = root / "m" / name
    with Journal(place / "000.jsonl") as journal:
        for number in range(answers):
            journal.append(request_key({"n": number}), {"n": number})
    if about is not None:
        migration.write(place, about)
    return place


def test_the_nearest_folder_is_named_if_it_differs_in_one_key(tmp_path):
    folder(tmp_path, "scores-1", made(temperature=0.5, top_p=0.5), 9)
    near = folder(tmp_path, "scores-2", made(temperature=0.5), 4)
    folder(tmp_path, "other-1", made())
    folder(tmp_path, "scores-3", None)  # of a version that kept no identity
    line = migration.warning(tmp_path, "m", "scores", "scores-0", made())
    assert line == (
        f"scores of m is sampled anew, though 4 answers lie in {near}: they differ in "
        "procedures.scores.temperature: 0.5 -> 0.8"
    )
    assert migration.warning(tmp_path, "m", "scores", "scores-0", made(seed=2)) is None
    assert migration.warning(tmp_path, "absent", "scores", "scores-0", made()) is None
    found = migration.nearest(
        migration.others(tmp_path, "m", "scores", "scores-2"), made(temperature=0.5), "scores"
    )
    assert found is not None and found[0].folder.name == "scores-1" and len(found[1]) == 1


def test_a_kept_identity_is_never_overwritten_and_a_damaged_one_is_passed_over(tmp_path):
    place = folder(tmp_path, "scores-1", made())
    migration.write(place, made(seed=5))
    assert migration.read(place) == made()
    (place / migration.NAME).write_text("{")
    assert migration.read(place) is None and not migration.others(tmp_path, "m", "scores", "x")
