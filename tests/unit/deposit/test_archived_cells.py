"""A study that names an archive: which cells it gets, and what is refused before any job."""

import pytest
import yaml
from itc.config import ConfigError, read_config
from itc.deposit.describe import plan
from itc.deposit.manifest import ArchiveError
from itc.deposit.store import beside, overlay, read_manifest
from itc.grid import Grid
from itc.grid.checks import check

CONFIG = {
    "study": {
        "name": "again",
        "title": "Again",
        "datasets": ["stones"],
        "models": ["mine", "fresh"],
        "procedures": ["sample"],
        "draws": 4,
        "shard_size": 2,
    },
    "datasets": {
        "stones": {
            "title": "Stones",
            "loader": "archive",
            "import_from": "theirs",
            "recorded_as": "quarry",
            "answer_type": "number",
        }
    },
    "models": {
        "mine": {
            "title": "Mine",
            "reasoning": False,
            "source": "archive",
            "import_from": "theirs",
            "recorded_as": "m-one",
        },
        "fresh": {"title": "Fresh", "reasoning": False, "engine": "scripted", "model": "scripted"},
    },
    "procedures": {"sample": {"kind": "sample", "prompt": "sample", "max_tokens": 9}},
}


@pytest.fixture
def grid(archive, tmp_path):
    """A grid of CONFIG, some keys changed (dotted), on an archive of some kind."""
    (tmp_path / "config/prompts").mkdir(parents=True)
    (tmp_path / "config/prompts/sample.j2").write_text("{{ question }}")

    def make(changes=(), **options):
        raw = yaml.safe_load(yaml.safe_dump(CONFIG))
        raw["archives"] = {"theirs": {"path": str(archive(**options))}}
        for key, value in dict(changes).items():
            *path, last = key.split(".")
            section = raw
            for part in path:
                section = section[part]
            section[last] = value
        read_manifest.cache_clear()
        found = Grid(read_config(raw), tmp_path)
        check(found)
        return found

    return make


def test_archived_and_generated_models_share_a_study(grid):
    found = grid()
    held, fresh = found.runs
    assert (held.model, fresh.model) == ("mine", "fresh")
    assert [batch.model for batch in found.batches] == ["fresh"]
    assert {batch.model for batch in found.annotation_batches} == {"mine", "fresh"}
    tables = found.replays["theirs"]
    assert tables[found.response_path(held, "001")] == {
        "table": "responses",
        "file": "responses/quarry/m-one/sample/001.parquet",
        "dataset": "stones",
        "model": "mine",
    }
    assert tables[found.dataset_path("stones")]["table"] == "datasets"
    assert len(tables) == 3


def test_fewer_draws_take_fewer_shards(grid):
    found = grid({"study.draws": 2})
    assert found.shards_of(found.runs[0]) == ("000",)


def test_without_text_outcomes_are_replayed_and_nothing_is_judged(grid):
    found = grid({"study.models": ["mine"]}, text="drop")
    assert found.annotation_batches == ()
    assert found.shard_files("annotations", "stones", "mine") == []
    tables = {entry["table"] for entry in found.replays["theirs"].values()}
    assert tables == {"datasets", "sealed_responses", "outcomes"}
    with pytest.raises(ConfigError, match="cannot be deposited again"):
        plan(found)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (
            {"models.mine.recorded_as": "m-three"},
            {},
            "no responses of 'm-three'; allowed: m-one, m",
        ),
        ({"datasets.stones.recorded_as": None}, {}, "no dataset 'stones'; allowed: quarry"),
        ({"models.mine.import_from": "ours"}, {}, "'ours' is not in `archives`; allowed: theirs"),
        ({"datasets.stones.import_from": None}, {}, "None is not in `archives`"),
        ({"archives.theirs.path": None}, {}, "archives.theirs.path: not given"),
        ({"archives.theirs.path": "nowhere"}, {}, "nowhere: no archive there"),
        ({"archives.theirs.sha256": "00"}, {}, "archives.theirs.sha256: .* expected 00"),
        ({"study.draws": 8}, {}, "holds 4 draws in shards of 2; set study.shard_size"),
        ({"study.draws": 2}, {"text": "hash"}, "no text, so its 4 draws are replayed together"),
        ({}, {"withheld": True}, "holds no questions of it, so 'fresh' cannot be asked"),
        (
            {"study.features": ["length", "markers"]},
            {"text": "hash"},
            "'markers' cannot be computed",
        ),
    ],
)
def test_what_the_archive_cannot_serve_is_refused_before_any_job(grid, changes, options, message):
    with pytest.raises(ConfigError, match=message):
        grid(changes, **options)


OVERLAY = {
    "study": {"name": "small"},
    "datasets": {"quarry": {"loader": "archive"}},
    "models": {"m-one": {"source": "archive"}},
    "procedures": {},
    "archives": {"small": {}},
}


def test_an_overlay_is_found_beside_its_manifest(archive, tmp_path):
    (tmp_path / "replay.yaml").write_text("")
    assert beside([str(tmp_path / "replay.yaml")]) is None
    (tmp_path / "manifest.json").write_text("{}")
    assert beside(["config/x.yaml", str(tmp_path / "replay.yaml")]) == str(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        ({"results": "/"}, "may set only"),
        ({"models": {"m-one": {"source": "generate", "trust_remote_code": True}}}, "m-one"),
        ({"datasets": {"quarry": {"loader": "local", "path": "/etc/passwd"}}}, "quarry"),
        ({"archives": {"small": {"path": "/elsewhere"}}}, "small"),
        ({"study": {"name": "../../home"}}, "study.name"),
    ],
)
def test_an_overlay_from_others_may_only_replay(archive, changes, message):
    path = str(archive(overlay={**OVERLAY, **changes}))
    read_manifest.cache_clear()
    if message is None:
        assert overlay(path) == OVERLAY
    else:
        with pytest.raises(ArchiveError, match=message):
            overlay(path)
