"""Weights count by their whole content, which is read once."""

from __future__ import annotations

import os
import time

import pytest
from itc import contents
from itc.config import identity
from itc.config.model import Model
from itc.contents import Contents


def sparse(path, size, at=None):
    """A file of zeros that takes no room; with one other byte at ``at``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
        if at is not None:
            file.seek(at)
            file.write(b"x")
    return path


@pytest.fixture
def small(monkeypatch):
    """Thresholds at which a test needs no gigabytes."""
    monkeypatch.setattr(contents, "SMALL", 10)
    monkeypatch.setattr(contents, "LARGE", 1000)
    monkeypatch.setattr(contents, "SETTLED", 0.0)


def unread(monkeypatch):
    def refuse(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(contents, "_block", refuse)


def test_one_byte_in_the_middle_of_a_large_file_is_seen(tmp_path):
    size = 2 * contents.BLOCK + 12_345
    files = [
        sparse(tmp_path / str(number) / "model.safetensors", size, at)
        for number, at in enumerate((None, contents.BLOCK + 1_000_000, size - 1, None))
    ]
    plain, middle, last, again = Contents().files(files)
    assert len({plain, middle, last}) == 3 and again == plain
    folders = [Contents().folder(file.parent) for file in files]
    assert len(set(folders)) == 3 and folders[0] == folders[3]


def test_a_digest_is_that_of_the_whole_file_however_many_threads_read_it(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "BLOCK", 1000)
    file = tmp_path / "f"
    file.write_bytes(os.urandom(10_500))
    assert Contents(threads=1).file(file) == Contents(threads=8).file(file)
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    (tmp_path / "zero").write_bytes(b"\0")
    assert Contents().file(empty) != Contents().file(tmp_path / "zero")


def test_it_is_read_once_and_said_why(tmp_path, monkeypatch, small):
    said: list[str] = []
    file = sparse(tmp_path / "model.safetensors", 5000)
    first = Contents(tmp_path / "journal" / "digests", tell=said.append).file(file)
    assert said[0].startswith("reading ") and "identity" in said[0] and "digests" in said[0]
    unread(monkeypatch)
    said.clear()
    assert Contents(tmp_path / "journal" / "digests", tell=said.append).file(file) == first
    assert not said


def test_other_content_is_noticed_even_with_the_old_size_and_time(tmp_path, small):
    memory = tmp_path / "digests"
    file = sparse(tmp_path / "w.bin", 5000)
    status = file.stat()
    first = Contents(memory).file(file)
    time.sleep(0.01)
    with file.open("r+b") as opened:
        opened.seek(2500)
        opened.write(b"y")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Contents(memory).file(file) != first


def test_a_file_just_written_is_not_remembered(tmp_path, monkeypatch, small):
    monkeypatch.setattr(contents, "SETTLED", 60.0)
    Contents(tmp_path / "digests").file(sparse(tmp_path / "w.bin", 5000))
    assert not (tmp_path / "digests").exists()


def test_a_torn_memory_and_one_that_cannot_be_written_cost_a_reading(tmp_path, small):
    file = sparse(tmp_path / "w.bin", 5000)
    memory = tmp_path / "digests"
    first = Contents(memory).file(file)
    memory.write_bytes(
        b'{"file": 3\n[]\n\xff' + memory.read_bytes()[: len(memory.read_bytes()) // 2]
    )
    assert Contents(memory).file(file) == first
    said: list[str] = []
    blocked = tmp_path / "file" / "digests"
    (tmp_path / "file").write_text("no folder")
    assert Contents(blocked, tell=said.append).file(file) == first
    assert "cannot be written" in said[1]


def test_what_decides_no_answer_does_not_count(tmp_path):
    folder = tmp_path / "m"
    sparse(folder / "model.safetensors", 100)
    (folder / "tokenizer.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    before = Contents().folder(folder)
    for name in ("README.md", "training_args.bin", "optimizer.pt", ".gitattributes", "eval.json"):
        (folder / name).write_text("new")
    (folder / "chat_template.jinja").write_text("{# why #}{{ messages }}")
    assert Contents().folder(folder) == before
    (folder / "merges.txt").write_text("a b")
    assert Contents().folder(folder) != before


def test_a_model_is_its_content_not_its_place(tmp_path):
    def found(name, **changes):
        entry = Model(title=name, reasoning=False, model=str(tmp_path / name), **changes)
        return identity.of_model(entry, Contents().of_model(entry))

    for name, weights in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(weights)
    assert found("a", threads=3) == found("b") != found("c")
    served = {"engine": "openai", "base_url": "http://x/v1"}
    assert found("a", **served) != found("b", **served)  # the name of a served model is a name
    # A tokenizer or draft model that an option names counts by its content, too.
    options = [
        {"tokenizer": str(tmp_path / n), "of": [{"draft": str(tmp_path / n)}]} for n in "abc"
    ]
    a, b, c = (found("a", **served, engine_options=option) for option in options)
    assert a == b != c
    (tmp_path / "t.jinja").write_text("{# 1 #}{{ x }}")
    (tmp_path / "u.jinja").write_text("{# 2 #}{{ x }}")
    templates = [found("a", chat_template=str(tmp_path / f"{n}.jinja")) for n in "tu"]
    assert templates[0] == templates[1] != found("a")
