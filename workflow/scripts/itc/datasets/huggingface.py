"""Problems in files of a Hugging Face dataset repository, at a pinned revision.

Downloads and caching are huggingface_hub's: ``HF_ENDPOINT``, ``HF_HOME``, ``HF_HUB_OFFLINE`` and
``HF_TOKEN`` work as its documentation says. No code of a dataset repository is ever run.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd

from itc import checksum
from itc.datasets._files import read
from itc.datasets._problems import DatasetError, map_columns, option
from itc.datasets._shape import multiple_choice, narrow, programs

TITLE = "Hugging Face dataset"
OPTIONS = {
    "repo": "Repository, such as HuggingFaceH4/MATH-500.",
    "revision": "Commit hash; a branch is resolved when downloaded, recorded, and warned about.",
    "files": "Files of the repository, read one after another (JSONL, CSV, parquet).",
    "sha256": "File: checksum, verified after the download; leave out what is not known yet.",
    "columns": "Our column: theirs (problem_id, question, gold, subject, difficulty, choices).",
    "where": "Column: value or list of values; only such rows are problems.",
    "dates": "{column, from, until}: only problems of these days, both included (ISO dates).",
    "gold_after": "Take the gold answer behind the last such mark, such as ####.",
    "gold_index": "Take this element of a gold answer that is a list.",
    "choices_from": "{correct, incorrect}: columns whose texts are the choices.",
    "shuffle_seed": "Seed that orders the choices, recorded in the problem's metadata.",
    "tests": "Format of a program's tests: livecodebench.",
    "cpu_seconds": "CPU time of a program per test.",
    "size": "Only the first so many problems.",
}
NEUTRAL = {"cpu_seconds": 6, "columns": {}, "where": {}}
INCIDENTAL_OPTIONS = ("sha256",)  # verified, and decides nothing
COMMIT = re.compile("[0-9a-f]{40}")
log = logging.getLogger(__name__)


def load(spec: dict[str, Any], root: Path) -> pd.DataFrame:
    """Download the files, check them, and map their rows to problems.

    Column ``source`` is ``repository@commit``; a branch is resolved to the commit that was read.
    Raises DatasetError for a gated or unknown repository, a file or revision that does not exist,
    a download that fails, a checksum that differs, and a column that is missing.
    """
    where = f"dataset {spec.get('title', spec.get('repo'))!r}"
    revision = str(option(spec, "revision"))
    sums = spec.get("sha256") or {}
    frames = []
    for name in option(spec, "files"):
        path = download(spec, name, revision, where)
        if not COMMIT.fullmatch(revision):
            # The other files are read at the commit of the first, whatever is pushed meanwhile.
            found = commit_of(path, name)
            log.warning(
                "%s: revision %r is no commit hash, so its content may change; this run read "
                "commit %s: pin it as `revision`",
                where,
                revision,
                found or "unknown",
            )
            revision = found or revision
        verify(path, name, sums.get(name), where)
        frames.append(read(path, f"{where}: {name}"))
    return shape(pd.concat(frames, ignore_index=True), spec, f"{spec['repo']}@{revision}")


def commit_of(path: Path, name: str) -> str | None:
    """Commit that a cached file belongs to (its snapshot folder); None where that is no commit."""
    snapshot = path.parents[len(Path(name).parts) - 1].name
    return snapshot if COMMIT.fullmatch(snapshot) else None


def shape(rows: pd.DataFrame, spec: dict[str, Any], where: str) -> pd.DataFrame:
    """Rows of a repository as problems: select, map columns, then golds, choices and tests."""
    rows = narrow(rows, spec, where)
    if spec.get("tests"):
        return programs(rows, spec, where)
    if spec.get("choices_from") or (spec.get("columns") or {}).get("choices"):
        return multiple_choice(rows, spec, where)
    found = map_columns(rows, spec, where)
    found["source"] = where
    if spec.get("gold_index") is not None:
        found["gold"] = [gold[int(spec["gold_index"])] for gold in found["gold"]]
    if spec.get("gold_after"):
        mark = str(spec["gold_after"])
        lacking = [i for i, gold in enumerate(found["gold"]) if mark not in str(gold)]
        if lacking:
            raise DatasetError(
                f"{where}: gold_after {mark!r} is missing in {len(lacking)} gold answers, first in "
                f"row {lacking[0]}; correct `gold_after`"
            )
        found["gold"] = [str(gold).rsplit(mark, 1)[1].strip() for gold in found["gold"]]
    return found


def download(spec: dict[str, Any], name: str, revision: str, where: str) -> Path:
    """Local path of one file, downloaded when the cache lacks it."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    repo = option(spec, "repo")
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    try:
        return Path(
            hf_hub_download(repo, name, repo_type="dataset", revision=revision, endpoint=endpoint)
        )
    except GatedRepoError as error:
        raise DatasetError(
            f"{where}: repository {repo!r} is gated: accept its conditions at "
            f"{endpoint}/datasets/{repo} and give your token in the environment variable HF_TOKEN "
            f"({'a token is set but refused' if os.environ.get('HF_TOKEN') else 'none is set'})"
        ) from error
    except LocalEntryNotFoundError as error:
        raise DatasetError(
            f"{where}: {repo}/{name} is not in the local cache and {endpoint} cannot be reached; "
            "download it where there is a network and set HF_HOME to the same folder here"
        ) from error
    except RevisionNotFoundError as error:
        raise DatasetError(f"{where}: {repo} has no revision {revision!r}; correct it") from error
    except EntryNotFoundError as error:
        raise DatasetError(
            f"{where}: {repo} has no file {name!r} at revision {revision!r}; correct `files`"
        ) from error
    except RepositoryNotFoundError as error:
        raise DatasetError(
            f"{where}: repository {repo!r} does not exist, or is private and HF_TOKEN is not set"
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise DatasetError(f"{where}: {repo}/{name} cannot be downloaded: {error}") from error


def verify(path: Path, name: str, expected: str | None, where: str) -> None:
    """Compare the checksum of a file; without an expected one, log what to pin."""
    digest = checksum.of_file(path)
    if expected is None:
        log.info("%s: sha256 of %s is %s", where, name, digest)
    elif digest != expected:
        raise DatasetError(
            f"{where}: {name} has sha256 {digest}, expected {expected}; the file changed or is "
            "damaged: delete it from the cache, or pin the new checksum on purpose"
        )
