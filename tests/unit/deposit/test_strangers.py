"""Problems and overlays of archives from others: no key decides what runs, none is unknown."""

import json

import pytest
from itc import registry, tables
from itc.deposit.manifest import ArchiveError
from itc.deposit.replay import replay
from itc.deposit.store import overlay, read_manifest
from itc.grading._metadata import SWITCHES, listed

PROBLEMS = {"table": "datasets", "file": "datasets/quarry.parquet"}
# What each type's grader reads, as an archive of our own may hold it.
GOOD = {
    "choice": {"choices": ["a", "b"], "order": [1, 0], "shuffle_seed": 3},
    "code": {"tests": [{"input": "", "output": "1"}], "function": None, "cpu_seconds": 6},
    "math": {},
    "number": {"tolerance": 0.01},
    "reasoning_gym": {"task": "lcm", "seed": 1, "size": 1, "index": 0, "config": {}},
    "recorded": {"exact": True, "right_from": 0.5},
    "text": {"exact": True},
}
SPELLINGS = (
    *("sandbox", "Sandbox", "SANDBOX", "sand_box", "\uff53\uff41\uff4e\uff44\uff42\uff4f\uff58"),
    *("scorer", "evaluates", "entry", "trust_remote_code", "trust-remote-code", "chat_template"),
)


@pytest.fixture
def replayed(archive, tmp_path):
    """Replay the problems of an archive that holds these metadata."""

    def run(answer_type, metadata):
        read_manifest.cache_clear()
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        tar = archive(answer_type=answer_type, metadata=[None, "", text])
        target = tmp_path / "out" / "quarry.parquet"
        replay(tar, {str(target): PROBLEMS})
        return tables.read(target, "datasets")

    return run


@pytest.mark.parametrize("answer_type", registry.names("grading"))
def test_an_archive_with_what_its_grader_reads_is_replayed(replayed, answer_type):
    frame = replayed(answer_type, {**GOOD[answer_type], "data": {"level": 3, "of": {"x": []}}})
    assert frame["answer_type"].eq(answer_type).all()


@pytest.mark.parametrize("key", [*SPELLINGS, "level", ""])
@pytest.mark.parametrize("answer_type", registry.names("grading"))
def test_an_archive_with_any_other_key_is_refused(replayed, tmp_path, answer_type, key):
    with pytest.raises(ArchiveError, match=r"quarry.parquet: problem 'p2': metadata key "):
        replayed(answer_type, {**GOOD[answer_type], key: "none"})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", SPELLINGS)
def test_no_switch_hides_among_inert_data(replayed, key):
    with pytest.raises(ArchiveError, match="looks like a switch"):
        replayed("code", {**GOOD["code"], "data": {key: "none"}})


@pytest.mark.parametrize("metadata", ["[]", "5", "{", '"x"', "[" * 100_000, '{"data": 5}', "nul"])
def test_metadata_that_are_no_object_are_refused(replayed, metadata):
    if metadata == '{"data": 5}':
        assert len(replayed("math", metadata)) == 3  # inert, whatever it is
    else:
        with pytest.raises(ArchiveError, match="metadata are "):
            replayed("math", metadata)


@pytest.mark.parametrize("answer_type", ["../code", "_sandbox", "none", ""])
def test_an_answer_type_that_no_file_provides_is_refused(replayed, answer_type):
    with pytest.raises(ArchiveError, match=r"answer type .* is none of choice, code"):
        replayed(answer_type, {})


def test_no_grader_lists_a_switch():
    for answer_type in registry.names("grading"):
        assert not {key.replace("_", "") for key in listed(answer_type)} & SWITCHES


ENTRY = {"title": "Quarry", "loader": "archive", "import_from": "small", "answer_type": "number"}
MODEL = {"title": "One", "source": "archive", "import_from": "small", "reasoning": False}
OVERLAY = {
    "study": {"name": "small", "title": "x", "draws": 4, "shard_size": 2},
    "datasets": {"quarry": ENTRY},
    "models": {"m-one": MODEL},
    "procedures": {"sample": {"kind": "sample", "max_tokens": 9, "prompt": "boxed"}},
    "archives": {"small": {"credit": "x"}},
}


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        *(("datasets", "quarry", key) for key in ("sandbox", "trust_remote_code", "path", "repo")),
        *(("datasets", "quarry", key) for key in ("prompts", "columns", "task", "levels")),
        *(("models", "m-one", key) for key in ("trust_remote_code", "chat_template", "sandbox")),
        *(("models", "m-one", key) for key in ("engine_options", "base_url", "api_key_env")),
        *(("procedures", "sample", key) for key in ("sandbox", "scorer", "template")),
        ("archives", "small", "sandbox"),
        ("study", "", "sandbox"),
    ],
)
def test_an_overlay_sets_only_what_an_archive_writes(archive, kind, name, key):
    read_manifest.cache_clear()
    changed = json.loads(json.dumps(OVERLAY))
    (changed[kind][name] if name else changed[kind])[key] = "none"
    place = ".".join(part for part in (kind, name, key) if part)
    with pytest.raises(ArchiveError, match=rf"replay.yaml: {place} is no key that an archive may"):
        overlay(str(archive(overlay=changed)))


@pytest.mark.parametrize("key", ["sandbox", "imports", "journal", "results", "prune", "recordings"])
def test_an_overlay_sets_no_key_of_the_whole_configuration(archive, key):
    read_manifest.cache_clear()
    with pytest.raises(ArchiveError, match=r"replay.yaml may set only"):
        overlay(str(archive(overlay={**OVERLAY, key: "none"})))


@pytest.mark.parametrize(
    "procedures", [None, [], {"sample": 5}, {"sample": {}}, {"x": {"kind": "../x"}}]
)
def test_an_overlay_names_procedures_that_exist(archive, procedures):
    read_manifest.cache_clear()
    with pytest.raises(ArchiveError, match=r"replay.yaml: .?procedures"):
        overlay(str(archive(overlay={**OVERLAY, "procedures": procedures})))


def test_an_overlay_of_our_own_is_accepted(archive):
    read_manifest.cache_clear()
    assert overlay(str(archive(overlay=OVERLAY))) == OVERLAY
