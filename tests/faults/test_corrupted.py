"""Damaged files are named with the mend, and nothing sound is lost with them."""

from __future__ import annotations

import random
import shutil
import tarfile

import pytest
from itc.features import _lexicon as lexicons
from itc.journal import Journal, encode, request_key

from .conftest import DRAWS, PROBLEMS

KEYS = [request_key(number) for number in range(6)]
LINES = [encode(key, {"n": number, "text": "é\u2028"}) for number, key in enumerate(KEYS)]


@pytest.mark.parametrize(
    ("content", "kept", "torn"),
    [
        (b"".join(LINES) + bytes(4096), 6, True),  # blocks that were allocated, never written
        (b"".join(LINES[:3]) + bytes(512) + b"\n" + b"".join(LINES[3:]), 6, False),
        (b"".join(LINES[:3]) + b"garbage\n{}\n[1]\n\n" + b"".join(LINES[3:]), 6, False),
        (b"".join(LINES[:3]) + LINES[3][:40] + b"".join(LINES[4:]), 4, False),  # lost in the middle
        (b"".join(LINES[:5]) + LINES[5][:-9], 5, True),
        (b"\xff\xfe" + b"".join(LINES), 5, False),  # an editor's mark in front
        (b"".join(line.replace(b"\n", b"\r\n") for line in LINES), 0, False),
        (b"".join(LINES * 2), 6, False),
    ],
    ids=["zeros", "zeros inside", "garbage", "half inside", "half", "mark", "crlf", "twice"],
)
def test_every_sound_record_of_a_damaged_journal_is_found(tmp_path, content, kept, torn):
    path = tmp_path / "000.jsonl"
    path.write_bytes(content)
    with Journal(path) as journal:
        assert len(journal) == kept and bool(journal.torn) is torn
        for key in journal.keys():  # noqa: SIM118
            assert journal.get(key) == {"n": KEYS.index(key), "text": "é\u2028"}
        for number, key in enumerate(KEYS):
            if key not in journal:
                journal.append(key, {"n": number})
    side = path.with_name("000.jsonl.damaged")
    left = path.read_bytes() + (side.read_bytes() if side.exists() else b"")
    assert all(piece in left for piece in content.split(b"\n"))  # no byte was thrown away
    with Journal(path) as journal:
        assert len(journal) == len(KEYS)


def test_a_damaged_journal_costs_only_what_is_damaged(study, undisturbed):
    lines = study.journal.read_bytes().splitlines(keepends=True)
    lines[3] = b"x" + lines[3][1:]
    study.journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:50] + bytes(100))
    study.responses.unlink()
    study.run("responses")
    assert study.responses.read_bytes() == undisturbed.responses.read_bytes()
    asked = sorted(study.calls().values())
    assert asked == [1] * (DRAWS * PROBLEMS - 2) + [2, 2]
    log = next((study.folder / "logs/generate").rglob("*.log")).read_text()
    assert "1 damaged records are left out and will be asked for again" in log
    assert "kept in 000.jsonl.damaged" in log


def damaged(text: bytes, rng: random.Random) -> bytes:
    """Cut, flipped, or with a piece overwritten."""
    at = rng.randrange(len(text))
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + bytes([text[at] ^ (1 << rng.randrange(8))]) + text[at + 1 :]
    return text[:at] + rng.randbytes(20) + text[at + 20 :]


def test_a_damaged_lexicon_is_named_or_still_a_lexicon(tmp_path):
    source = lexicons.FOLDER / "backtracking_short_m_at_k.yaml"
    path, rng, refused = tmp_path / source.name, random.Random(20250418), 0
    for _ in range(150):
        path.write_bytes(damaged(source.read_bytes(), rng))
        lexicons._load.cache_clear()
        try:
            lexicons.load(tmp_path)
        except lexicons.LexiconError as error:
            refused += 1
            assert source.name in str(error) or "lexicon family" in str(error)
    lexicons._load.cache_clear()
    assert refused > 20


def test_a_damaged_lexicon_stops_the_study_before_it_samples(fresh):
    file = fresh.folder / "config/lexicons/hedging.yaml"
    file.write_bytes(file.read_bytes()[:-300] + b"\n\t- [")
    output = fresh.run("all", fails=True)
    assert "config/lexicons/hedging.yaml: " in output and "put back a good copy" in output
    assert not fresh.calls()


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        # Snakemake reads this one itself, and names the line of the Snakefile that names it.
        ("config/models.yaml", b"\n x: [", 'Snakefile", line 11'),
        pytest.param("config/prompts/sample.j2", b"\xff", "sample.j2", marks=pytest.mark.full),
        pytest.param("config/claims.yaml", b"\xff", "config/claims.yaml", marks=pytest.mark.full),
    ],
)
def test_a_damaged_config_file_is_named_before_any_job(fresh, file, damage, message):
    path = fresh.folder / file
    path.write_bytes(path.read_bytes()[:200] + damage)
    output = fresh.run("all", options=("-n",), fails=True)
    assert message in output and "Traceback" not in output
    assert not fresh.calls()


@pytest.mark.full
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_archive_is_named_before_any_job(study, share):
    study.run("archive")
    whole = study.home / "small-archive.tar"
    short = study.folder / "short.tar"
    with tarfile.open(whole) as tar:
        last = tar.getmembers()[-1]  # behind it only padding comes
    short.write_bytes(whole.read_bytes()[: int((last.offset_data + last.size) * share)])
    shutil.rmtree(study.results)
    replay = {"options": ("--config", "archive=short.tar"), "configs": ()}
    output = study.run("results/small/tables/curves.parquet", fails=True, **replay)
    assert "short.tar: " in output and "fetch the archive again" in output
    assert not list(study.results.rglob("*.parquet"))
