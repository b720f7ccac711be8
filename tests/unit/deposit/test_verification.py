"""Nothing of an archive is believed before its manifest holds; what does not is named."""

import io
import json
import subprocess
import tarfile

import pytest
from itc import tables
from itc.deposit.manifest import MANIFEST, ArchiveError
from itc.deposit.replay import replay
from itc.deposit.store import opened, read_manifest, verify

SHARD = "responses/quarry/m-one/sample/000.parquet"


@pytest.fixture
def folder(archive, tmp_path):
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", archive(), "-C", tmp_path / "unpacked"], check=True)
    return tmp_path / "unpacked" / "small-archive"


def edit_manifest(folder, change):
    path = folder / MANIFEST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def check(path):
    read_manifest.cache_clear()
    manifest, _ = read_manifest(path)
    with opened(path) as store:
        verify(store, manifest, str(path))
    return manifest


def test_a_sound_archive_passes_as_tar_and_as_folder(archive, folder):
    assert check(archive()) == check(folder)
    assert SHARD in check(folder).files


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: flip(f / SHARD), rf"{SHARD} has sha256 .* it was changed"),
        (lambda f: (f / SHARD).write_bytes((f / SHARD).read_bytes()[:-1]), rf"{SHARD} has \d+ by"),
        (lambda f: (f / SHARD).unlink(), rf"{SHARD} is missing"),
        (lambda f: (f / "notes.txt").write_text("hi"), "notes.txt is not in the manifest"),
        (lambda f: (f / "more").symlink_to("/etc"), "more is a link"),
        (lambda f: (f / MANIFEST).write_text("{"), "is not JSON"),
        (lambda f: (f / MANIFEST).write_text("[" * 100_000), "is not JSON"),
        (lambda f: (f / MANIFEST).write_text('{"format": "zip"}'), "not that of an archive"),
        (lambda f: (f / MANIFEST).unlink(), "holds no manifest.json"),
    ],
)
def test_a_damaged_folder_is_refused_and_the_file_named(folder, damage, message):
    damage(folder)
    with pytest.raises(ArchiveError, match=message):
        check(folder)


def rename_file(old, new):
    def change(content):
        content["files"][new] = content["files"].pop(old)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_file("README.md", "../README.md"), "'../README.md' is not one inside"),
        (rename_file("README.md", "/etc/README.md"), "'/etc/README.md' is not one inside"),
        (rename_file("README.md", "a/../../b"), "'a/../../b' is not one inside"),
        (rename_file(SHARD, "elsewhere.parquet"), "named but not under `files`"),
        (lambda m: m["responses"][0].update(model="../../up"), "responses.0.model"),
        (lambda m: m["responses"][0].update(shard="../1"), "responses.0.shard"),
        (lambda m: m["datasets"].update({"../x": {}}), "datasets"),
        (lambda m: m.update(study="../../home"), "study"),
        (lambda m: m.update(surprise=1), "surprise"),
        (lambda m: m.update(version=2), "version 2, this checkout reads version 1.*c0ffee"),
        (lambda m: m.update(version=None), "version None"),
    ],
)
def test_a_manifest_that_reaches_out_or_is_newer_is_refused(folder, change, message):
    edit_manifest(folder, change)
    with pytest.raises(ArchiveError, match=message):
        check(folder)


def test_tables_of_a_later_schema_version_are_refused(folder, tmp_path):
    edit_manifest(folder, lambda m: m["tables"].update(responses=99))
    with pytest.raises(ArchiveError, match=r"'responses' has .*version 99.*update"):
        replay(folder, {str(tmp_path / "x"): {"table": "responses", "file": SHARD}})


def test_derived_tables_of_an_earlier_schema_version_are_refused(archive, tmp_path):
    subprocess.run(["tar", "-xf", archive(text="drop"), "-C", tmp_path], check=True)
    (sealed,) = tmp_path.glob("*/manifest.json")
    edit_manifest(sealed.parent, lambda m: m["tables"].update(outcomes=0))
    with pytest.raises(ArchiveError, match=r"'outcomes' has schema version 0.*replay with the"):
        replay(sealed.parent, {})


def test_recorded_tables_of_an_earlier_schema_version_are_replayed(folder, tmp_path):
    """Whatever the versions of tables the archive does not hold."""
    edit_manifest(folder, lambda m: m["tables"].update(responses=0, datasets=0, outcomes=0))
    target = tmp_path / "x.parquet"
    replay(folder, {str(target): {"table": "responses", "file": SHARD}})
    assert len(tables.read(target, "responses")) > 0


def rewritten(tar_path, target, change):
    """Copy a tar member by member, each changed by ``change(member, data)``."""
    with tarfile.open(tar_path) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            for info, content in change(member, data):
                new.addfile(info, io.BytesIO(content))
    return target


def escaping(member, data):
    yield member, data
    if member.name.endswith("README.md"):
        other = tarfile.TarInfo("small-archive/../../escaped")
        other.size = len(data)
        yield other, data


def linked(member, data):
    if member.name.endswith("README.md"):
        member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
        data = b""
    yield member, data


def doubled(member, data):
    yield member, data
    yield member, data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (escaping, r"'small-archive/../../escaped' is no plain file"),
        (linked, "'small-archive/README.md' is no plain file"),
        (doubled, "occurs twice"),
    ],
)
def test_a_tar_with_strange_members_is_refused(archive, tmp_path, change, message):
    with pytest.raises(ArchiveError, match=message):
        check(rewritten(archive(), tmp_path / "strange.tar", change))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_tar_is_refused(archive, tmp_path, share):
    whole = archive()
    with tarfile.open(whole) as tar:
        end = tar.getmembers()[-1]  # behind it only padding comes
    short = tmp_path / "short.tar"
    short.write_bytes(whole.read_bytes()[: int((end.offset_data + end.size) * share)])
    with pytest.raises(ArchiveError, match=r"short\.tar: "):
        check(short)


def test_nothing_is_written_from_an_archive_that_is_not_sound(folder, tmp_path):
    flip(folder / "responses/quarry/m-two/sample/001.parquet")
    read_manifest.cache_clear()
    target = tmp_path / "out" / "x.parquet"
    with pytest.raises(ArchiveError, match=r"m-two/sample/001\.parquet has sha256"):
        replay(folder, {str(target): {"table": "responses", "file": SHARD}})
    assert not target.parent.exists()


def test_a_file_that_is_another_table_than_said_is_refused(folder, tmp_path):
    target = tmp_path / "out.parquet"
    with pytest.raises(ArchiveError, match=r"quarry\.parquet is not table 'responses'"):
        replay(folder, {str(target): {"table": "responses", "file": "datasets/quarry.parquet"}})
    assert not target.exists()
