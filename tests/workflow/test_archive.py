"""A study is deposited, carried to another machine, and replayed there to the byte."""

import hashlib
import subprocess

import pandas as pd
import pytest

CONFIG = "tests/config/archive.yaml"
SHARD = "responses/scripted/scripted-a/sample/000.parquet"
HOME = "results/deposited"
TAR = f"{HOME}/deposited-archive.tar"


@pytest.fixture(scope="module")
def origin(checkout, tmp_path_factory):
    """The checkout in which the study was generated, evaluated and deposited."""
    made = checkout(tmp_path_factory.mktemp("origin") / "checkout")
    made.configfile = CONFIG
    made.snakemake("archive")
    return made


@pytest.fixture
def elsewhere(checkout, tmp_path):
    """Another machine: no models, no journal, no data, no trace of the study's own files."""
    made = checkout(tmp_path / "elsewhere")
    (made.folder / "models").unlink()
    for file in (made.folder / "tests").rglob("*.*"):
        file.unlink()
    return made


def unpack(tar, folder):
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xf", tar, "-C", folder], check=True)
    return folder / "deposited-archive"


def results(project, *parts):
    home = project.folder / HOME
    files = [p for part in parts for p in sorted((home / part).rglob("*.parquet"))]
    assert files
    return {str(p.relative_to(home)): p.read_bytes() for p in files}


def test_replayed_elsewhere_every_table_has_the_same_bytes(origin, elsewhere, tmp_path):
    archive = unpack(origin.folder / TAR, tmp_path)
    elsewhere.configfile = str(archive / "replay.yaml")
    shard, sound = archive / SHARD, (archive / SHARD).read_bytes()
    shard.write_bytes(sound[:-1] + b"x")
    refused = elsewhere.snakemake("archive", fails=True)
    assert f"{SHARD} has sha256" in refused
    assert not (elsewhere.folder / "results" / "responses").exists()
    shard.write_bytes(sound)

    said = elsewhere.snakemake("archive")
    assert "replay_deposited" in said and "annotate_scripted_a_depth1" in said
    assert "generate" not in said and "prepare_dataset" not in said
    assert results(elsewhere, "evaluations", "outcomes") == results(
        origin, "evaluations", "outcomes"
    )
    rows = pd.read_parquet(elsewhere.folder / HOME / "evaluations/scripted/judge_best.parquet")
    assert 0 < rows["correct"].mean() < 1
    procedures = {path.name for path in (archive / "responses/scripted/scripted-a").iterdir()}
    assert procedures == {"sample", "revise_full", "judge_score"}
    for line in (archive / "expected.sha256").read_text().splitlines():
        checksum, name = line.split("  ")
        data = (elsewhere.folder / HOME / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == checksum
    assert not (elsewhere.folder / "journal").exists()

    # What was replayed can be deposited again, with the same responses.
    again = unpack(elsewhere.folder / TAR, tmp_path / "again")
    assert (again / SHARD).read_bytes() == sound


def test_a_withheld_study_gives_the_same_evaluations(origin, elsewhere, tmp_path):
    config = origin.folder / CONFIG
    config.write_text(config.read_text().replace("CC0", "CC0\n    redistribute: false"))
    said = origin.snakemake("archive")
    assert "annotate" not in said and "evaluate" not in said  # only the archive is written again
    archive = unpack(origin.folder / TAR, tmp_path / "unpacked")
    texts = [p.read_text() for p in archive.rglob("*") if p.is_file() and p.suffix != ".parquet"]
    frames = [pd.read_parquet(path) for path in archive.rglob("*.parquet")]
    cells = [f[c] for f in frames for c in f if c != "engine_version"]  # of the scripted engine: 1
    held = {value for cell in cells for value in cell if isinstance(value, str)}
    assert not [text for text in (*texts, *held) if "What is" in text]
    assert not [cell for cell in held if "boxed" in cell and cell != "boxed"]
    truth = pd.read_csv(origin.folder / "tests/config/scripted.csv", dtype=str)
    outcomes = map(pd.read_parquet, (origin.folder / HOME / "outcomes").rglob("*.parquet"))
    answers = set(pd.concat(outcomes)["answer"].dropna())
    assert len(answers) > 20
    assert not held & {*truth["gold"], *answers}

    # Without unpacking, and with a config file of one's own that wins over the archive's.
    (elsewhere.folder / "mine.yaml").write_text("models: {scripted-a: {title: Mine}}")
    elsewhere.configfile = "mine.yaml"
    targets = [f"{HOME}/{name}" for name in results(origin, "evaluations")]
    tables = [f"{HOME}/tables/{name}.parquet" for name in ("dataset_cards", "models")]
    elsewhere.snakemake("--config", f"archive={origin.folder / TAR}", "--", *targets, *tables)
    assert results(elsewhere, "evaluations") == results(origin, "evaluations")
    assert not (elsewhere.folder / "results/annotations").exists()
    cards, models = (pd.read_parquet(elsewhere.folder / path) for path in tables)
    assert cards["n_problems"].tolist() == [12]
    assert cards["question_characters_median"].isna().all()
    assert models["title"].tolist() == ["Mine", "Scripted B"]
