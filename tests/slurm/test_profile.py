"""What can be said of profiles/slurm without a SLURM."""

import os
import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
SLURM = yaml.safe_load((REPO / "profiles/slurm/profile.yaml").read_text())
DEFAULT = yaml.safe_load((REPO / "profiles/default/profile.yaml").read_text())


def test_the_plain_name_slurm_is_found_from_a_checkout():
    # Snakemake looks for --profile NAME in the working directory, not below profiles/.
    assert os.readlink(REPO / "slurm") == "profiles/slurm"
    assert (REPO / "slurm/profile.yaml").samefile(REPO / "profiles/slurm/profile.yaml")


def test_no_key_stands_in_both_profiles():
    # Both are loaded, and of a key in both the cluster's is dropped whole.
    assert not set(SLURM) & set(DEFAULT)


def test_retries_stand_in_the_profile_alone():
    assert SLURM["retries"] == 2
    for path in [REPO / "Snakefile", *(REPO / "workflow/rules").glob("*.smk")]:
        assert not re.search(r"^\s*retries:", path.read_text(), re.MULTILINE), path


def test_no_arrays_and_no_groups():
    assert not [key for key in SLURM if "array" in key or "group" in key]
    for path in (REPO / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s*group:", path.read_text(), re.MULTILINE), path


def test_no_site_name_is_set():
    assert not {"slurm_account", "slurm_partition", "gpu_model"} & set(SLURM["default-resources"])


def test_plugin_is_not_older_than_the_floor():
    try:
        version = metadata.version("snakemake-executor-plugin-slurm")
    except metadata.PackageNotFoundError:
        pytest.skip("snakemake-executor-plugin-slurm is not installed here")
    assert tuple(map(int, version.split(".")[:3])) >= (2, 7, 1)
