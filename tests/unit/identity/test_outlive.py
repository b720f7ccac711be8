"""Responses kept from the commit that closed this matter are found by every later one.

The journal in ``outlive/`` was made by real vLLM. If a test fails, a change of the software asks
anew what users have paid for: give the new key a neutral value, or raise a BEHAVIOUR number and
keep this journal as the old one.
"""

from __future__ import annotations

import copy
import importlib.util
import shutil
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from itc import tables
from itc.config.fields import INCIDENTAL, Decides
from itc.config.model import Model
from itc.config.procedure import Procedure
from itc.engines import vllm
from itc.engines._base import Params
from itc.grid import Grid
from itc.journal import Journal
from itc.procedures import _base as procedures
from pydantic import Field

spec = importlib.util.spec_from_file_location("outliving", Path(__file__).with_name("outliving.py"))
assert spec is not None and spec.loader is not None
outliving = importlib.util.module_from_spec(spec)
spec.loader.exec_module(outliving)

ANSWERS = {"sample": 6, "judge": 12, "revise": 12, "truncate": 12}


class LaterModel(Model):
    """A model's entry of a later version, with settings that this one does not know."""

    wisdom: Annotated[float, Decides(neutral=0.0)] = Field(0.0, description="New, does nothing.")
    colour: Annotated[str, INCIDENTAL] = Field("red", description="New, decides nothing.")


class LaterProcedure(Procedure):
    """As LaterModel; the first is a sampling parameter, which goes with every request."""

    boldness: Annotated[float, Decides(neutral=1.0)] = Field(1.0, description="New.")
    patience: Annotated[int, INCIDENTAL] = Field(3, description="New.")


class LaterParams(Params):
    """As LaterModel."""

    boldness: Annotated[float, Decides(neutral=1.0)] = Field(1.0, description="New.")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, run where no model can be loaded and from the repository's root."""
    monkeypatch.chdir(outliving.REPO)

    def refuse(model: Model) -> Any:
        raise AssertionError("a model was to be asked")

    monkeypatch.setattr(vllm, "open_engine", refuse)
    return Path(shutil.copytree(outliving.PLACE, tmp_path / "outlive"))


def nothing_is_asked(grid: Grid, out: Path) -> dict[str, Any]:
    """Run the study; returns its tables by procedure."""
    timings = outliving.run(grid, out)
    assert [t["requests_from_journal"] for t in timings] == list(ANSWERS.values())
    assert {t["requests_finished"] for t in timings} == {0}
    return {name: tables.read(out / name / "000.parquet", "responses") for name in ANSWERS}


def test_the_kept_journal_is_found_under_the_paths_of_today(base, tmp_path):
    grid = outliving.grid_of(outliving.study(), base / "journal", base)
    assert {run.folder.rpartition("/")[2] for run in grid.runs} == {
        path.name for path in (base / "journal" / "tiny").iterdir()
    }
    found = nothing_is_asked(grid, tmp_path / "out")
    assert {name: len(rows) for name, rows in found.items()} == {
        **{"sample": 6, "judge": 6, "revise": 12, "truncate": 12}
    }
    assert found["sample"]["text"].str.contains("boxed").any()


def test_new_fields_comments_patience_and_renamed_folders_ask_nothing(base, tmp_path, monkeypatch):
    plain = outliving.grid_of(outliving.study(), base / "journal", base)
    before = nothing_is_asked(plain, tmp_path / "before")

    raw = outliving.study()
    whole = plain.config.model_dump(mode="json")
    raw["procedures"] = {n: whole["procedures"][n] for n in reversed(list(raw["procedures"]))}
    raw["models"]["tiny"] = dict(reversed(whole["models"]["tiny"].items())) | {
        "title": "Another",
        "max_num_seqs": 3,
        "threads": 2,
        "serving_options": {"max_num_batched_tokens": 9000},
        "engine_options": {"swap_space": 1, "disable_log_stats": True},
    }
    for entry in raw["procedures"].values():
        entry["long_prompt"] = "skip"
    raw = yaml.safe_load("# a comment\n" + yaml.safe_dump(raw, sort_keys=False))
    for file in (base / "config" / "prompts").glob("*.j2"):
        file.write_text("{# another comment -#}\n" + file.read_text() + "{#- and one more #}")
    grid = outliving.grid_of(raw, base / "journal", base)
    config = grid.config
    config.models["tiny"] = LaterModel.model_validate(raw["models"]["tiny"])
    for name in list(config.procedures):
        config.procedures[name] = LaterProcedure.model_validate(raw["procedures"][name])
    monkeypatch.setattr(procedures, "Params", LaterParams)
    # The paths are those of before, and even where they were not, what was answered is found.
    assert [run.folder for run in grid.runs] == [run.folder for run in plain.runs]
    for folder in list((base / "journal" / "tiny").iterdir()):
        procedure, _, tag = folder.name.rpartition("-")
        (folder / "identity.json").unlink()
        (folder / "000.keys").unlink(missing_ok=True)
        folder.rename(folder.with_name(f"{procedure}-{tag[::-1]}"))
    after = nothing_is_asked(grid, tmp_path / "after")
    for name, rows in before.items():
        assert rows.equals(after[name])
    assert len(list((base / "journal" / "tiny").iterdir())) == 2 * len(ANSWERS)


@pytest.mark.parametrize(
    ("section", "name", "key", "value"),
    [
        ("models", "tiny", "logprobs", 3),
        ("models", "tiny", "resample", 1),
        ("models", "tiny", "enable_thinking", False),
        ("procedures", "sample", "temperature", 0.7),
        ("procedures", "sample", "system_prompt", "Be brief."),
        ("study", None, "seed", 8),
    ],
)
def test_what_decides_is_asked(base, tmp_path, section, name, key, value):
    raw = copy.deepcopy(outliving.study())
    (raw[section][name] if name else raw[section])[key] = value
    with pytest.raises(AssertionError, match="a model was to be asked"):
        outliving.run(outliving.grid_of(raw, base / "journal", base), tmp_path / "out")


def test_the_kept_journal_is_sound(base):
    for path in (base / "journal").rglob("*.jsonl"):
        with Journal(path) as journal:
            assert (journal.damaged, journal.torn) == (0, 0)
            assert len(journal) == ANSWERS[path.parent.name.rpartition("-")[0]]
