"""Shown configurations pass the checks of a study, shown profiles those of Snakemake."""

import pytest
import yaml
from itc.config import read_config
from itc.config.schema import Config
from snakemake.cli import get_argument_parser
from snakemake.utils import update_config

from .markdown import REPO, SHELL, blocks, documents


def commands(document: str) -> str:
    return "\n".join(block.text for block in blocks(document, *SHELL))


# A file that a command of the document reads is tested by that command.
SHOWN = [
    block
    for document in documents()
    for block in blocks(document, "yaml")
    if not block.file or block.file not in commands(document)
]
ENTRIES = ("datasets", "models", "procedures")


def configuration() -> dict:
    raw: dict = {}
    for name in ("default", *ENTRIES):
        update_config(raw, yaml.safe_load((REPO / f"config/{name}.yaml").read_text()))
    return raw


def options_of_snakemake() -> set[str]:
    parser = get_argument_parser(None)
    return {name.lstrip("-") for action in parser._actions for name in action.option_strings}


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.where)
def test_shown_yaml_is_accepted(block, tmp_path):
    shown = yaml.safe_load(block.text)
    if set(shown) <= set(Config.model_fields):
        raw = configuration()
        update_config(raw, shown)
        # What is shown takes part, so that it is checked as far as a study would.
        raw["study"] |= {kind: list(shown[kind]) for kind in ENTRIES if kind in shown}
        if "models" in shown:
            raw["study"]["procedures"] = ["sample"]
        read_config(raw)
    elif set(shown) == {"partitions"}:
        partitions = pytest.importorskip("snakemake_executor_plugin_slurm.partitions")
        file = tmp_path / "partitions.yaml"
        file.write_text(block.text)
        read = partitions.read_partition_file(file)
        assert [partition.name for partition in read] == list(shown["partitions"])
    else:
        unknown = set(shown) - options_of_snakemake()
        assert not unknown, f"{block.where}: neither keys of a study nor options of Snakemake"


@pytest.mark.parametrize("document", documents())
def test_shown_python_is_a_file_that_is_run(document):
    for block in blocks(document, "python"):
        assert block.file, f"{block.where}: name its file behind `python`, so that tests write it"
        used = block.file in commands(document) or block.file.startswith("workflow/")
        assert used, f"{block.where}: no command runs {block.file}"
