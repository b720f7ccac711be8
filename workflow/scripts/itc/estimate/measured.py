"""What finished jobs of a model took: tokens, speed, bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from itc.grid import Grid
from itc.timing import sessions


@dataclass
class Measured:
    """What existing files of one model say; None or empty where there are none."""

    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)  # kind: responses, tokens
    rate: float | None = None  # output tokens per second of a job, engine start apart
    start_minutes: float | None = None
    journal_bytes: float | None = None  # per output token
    result_bytes: float | None = None

    def mean(self, kind: str) -> float | None:
        """Mean output tokens of the responses of one kind of procedure."""
        count, total = self.tokens.get(kind, (0, 0))
        return total / count if count else None


def measure(grid: Grid, base: Path, name: str) -> Measured:
    """What existing responses and journals of model ``name``, of any study, say.

    base: folder that the grid's paths are relative to.
    """
    found = Measured()
    kinds = {p: grid.procedure(p).kind for p in grid.study.procedures}
    result_bytes = tokens = 0
    for path in (base / grid.results / "responses").glob(f"*/{name}/*/*.parquet"):
        kind = kinds.get(path.parent.name.rpartition("-")[0])
        if kind is None:
            continue
        count, total = _output_tokens(path)
        before = found.tokens.get(kind, (0, 0))
        found.tokens[kind] = before[0] + count, before[1] + total
        tokens += total
        other = base / grid.results / "annotations" / Path(*path.parts[-4:])
        result_bytes += path.stat().st_size + (other.stat().st_size if other.is_file() else 0)
    if tokens:
        found.result_bytes = result_bytes / tokens
    _measure_journal(base / grid.journal / name, found)
    return found


def _measure_journal(folder: Path, found: Measured) -> None:
    files = list(folder.rglob("*.timing.json"))
    held = [s for s in sessions(files) if s.output_tokens and s.seconds]
    tokens = sum(s.output_tokens for s in held)
    if not tokens:
        return
    found.rate = tokens / max(sum(s.generating_seconds for s in held), 1e-9)
    found.start_minutes = sum(s.start_seconds for s in held) / len(held) / 60
    journals = (file.with_name(file.name.replace(".timing.json", ".jsonl")) for file in files)
    size = sum(journal.stat().st_size for journal in journals if journal.is_file())
    if size:
        found.journal_bytes = size / tokens


def _output_tokens(path: Path) -> tuple[int, int]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    column = pq.read_table(path, columns=["n_output_tokens"]).column(0)
    return len(column) - column.null_count, pc.sum(column).as_py() or 0
