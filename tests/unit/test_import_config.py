"""Entries of `imports`: keys of their format, patterns of files, companions, identity."""

import pytest
import yaml
from itc.config import ConfigError, read_config, root
from itc.grid import Grid


def grid(folder, **changes):
    """A study of one recorded model, its `imports` entry changed."""
    raw = yaml.safe_load((root() / "config/replay.yaml").read_text())
    raw["procedures"] = yaml.safe_load((root() / "config/procedures.yaml").read_text())[
        "procedures"
    ]
    raw["study"] |= {"datasets": ["aime-2024"], "models": ["deepseek-r1"]}
    raw["imports"]["art-of-tts"] |= changes
    raw["recordings"] = str(folder)
    return Grid(read_config(raw), root())


def test_a_pattern_names_several_files_in_order(tmp_path):
    for name in ("b/2.eval", "a/1.eval", "a/3.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = grid(tmp_path, file="*/*.eval", format="inspect").recordings("art-of-tts")
    assert [str(p.relative_to(tmp_path)) for p in found] == ["a/1.eval", "b/2.eval"]
    with pytest.raises(ConfigError, match=r"'\*\.eval' with --config recordings=PATH"):
        grid(tmp_path, file="*.eval", format="inspect").recordings("art-of-tts")


def test_a_companion_is_an_input_and_part_of_the_identity(tmp_path):
    (tmp_path / "out.jsonl").write_text("{}")
    (tmp_path / "asked.jsonl").write_text("{}")
    about = {"format": "openai_batch", "file": "out.jsonl", "custom_id": "(?P<problem_id>.+)"}
    alone, joined = grid(tmp_path, **about), grid(tmp_path, **about, requests="asked.jsonl")
    assert alone.companions("art-of-tts") == {}
    assert joined.companions("art-of-tts") == {"requests": tmp_path / "asked.jsonl"}
    assert alone.runs[0].folder != joined.runs[0].folder


def test_keys_of_another_format_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"imports\.art-of-tts\.scorer: unknown key \(value 'x'"):
        grid(tmp_path, scorer="x")
    with pytest.raises(
        ConfigError, match=r"no recording format 'parkett'; .*did you mean 'parquet"
    ):
        grid(tmp_path, format="parkett")


def test_a_dataset_with_a_loader_is_not_written_by_the_import(tmp_path):
    (tmp_path / "art_of_tts_aime.jsonl.gz").write_bytes(b"")
    study = grid(tmp_path)
    assert list(study.imports["art-of-tts"]["datasets"]) == ["aime-2024"]
    study.dataset("aime-2024").loader = "local"
    study = Grid(study.config, root())
    assert study.imports["art-of-tts"]["datasets"] == {}
    assert list(study.imports["art-of-tts"]["responses"]) == [("aime-2024", "deepseek-r1")]
