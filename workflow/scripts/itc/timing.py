"""Sessions of generation jobs: how long each took and how much it generated.

They stand beside each journal in ``{shard}.timing.json``, one entry per start of the job, and enter
no table: a run time is no result. Standard library only.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itc.atomic import replaced


class Clock:
    """Started with a job, asked at its end."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC).isoformat("T", "seconds")
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def session(
        self,
        counts: Mapping[str, int],
        start_seconds: float,
        platform: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """The entry of this session.

        counts: ``requests_from_journal``, ``requests_finished``, ``prompts_too_long``,
        ``prompt_tokens`` and ``output_tokens``. start_seconds: until the engine served. platform:
        what the engine says of itself, None where none was opened.
        """
        seconds = time.monotonic() - self._wall
        generating = max(seconds - start_seconds, 1e-9)
        return {
            "started": self._began,
            "seconds": round(seconds, 3),
            "engine_seconds": round(start_seconds, 3),
            "cpu_seconds": round(time.process_time() - self._cpu, 3),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            **counts,
            "output_tokens_per_second": round(counts["output_tokens"] / generating, 1),
            "platform": platform,
        }


def path_beside(journal: Path) -> Path:
    """Timing file of a journal."""
    return journal.with_suffix(".timing.json")


def add(journal: Path, session: Mapping[str, Any]) -> None:
    """Add a session to the timing file beside ``journal``; a damaged file is begun anew."""
    target = path_beside(journal)
    replaced(target, json.dumps([*_entries(target), session], indent=1) + "\n")


@dataclass(frozen=True)
class Session:
    """What reports and estimates need of one session; seconds are wall-clock."""

    seconds: float
    start_seconds: float  # until the engine served
    requests_from_journal: int
    requests_finished: int
    output_tokens: int

    @property
    def generating_seconds(self) -> float:
        """Seconds in which the engine answered."""
        return max(self.seconds - self.start_seconds, 0.0)


def sessions(files: Iterable[Path]) -> list[Session]:
    """Sessions in timing files, each once: a job that serves several runs leaves a copy in each.

    A file that is absent or damaged tells nothing and is passed over.
    """
    found: dict[tuple[str, Any], Session] = {}
    for file in files:
        for entry in _entries(file):
            if isinstance(entry, dict) and "started" in entry:
                found[file.name, entry["started"]] = Session(
                    seconds=entry.get("seconds") or 0.0,
                    start_seconds=entry.get("engine_seconds") or 0.0,
                    requests_from_journal=entry.get("requests_from_journal") or 0,
                    requests_finished=entry.get("requests_finished") or 0,
                    output_tokens=entry.get("output_tokens") or 0,
                )
    return list(found.values())


def _entries(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []
