"""The estimate as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from itc.estimate import JOURNAL_BYTES, RESULT_BYTES, START_MINUTES, Estimate, Row


def _short(number: float) -> str:
    """Three digits and a unit: 12.3 M."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return f"{number:.3g}"


HEAD = (
    *("model", "GPUs", "jobs", "done", "requests", "tokens", "GPU hours", "longest job"),
    *("storage", "price", "measured"),
)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.model,
        str(row.gpus),
        str(row.jobs),
        str(row.done),
        _short(row.requests),
        _short(row.tokens),
        f"{row.gpu_hours:,.1f}" if row.gpus else "-",
        f"{row.longest_hours:.1f} h" if row.longest_hours else "-",
        f"{_short(row.bytes)}B",
        "-" if row.dollars is None else f"${row.dollars:,.0f}",
        ", ".join(sorted(row.measured)) or "nothing",
    )


def aligned(lines: Iterable[tuple[str, ...]]) -> list[str]:
    """Lines of a table: the first and last column to the left, the others to the right."""
    table = list(lines)
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    last = len(table[0]) - 1
    return [
        "  ".join(
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]


def render(estimate: Estimate) -> str:
    """The estimate as a text table with a total and what it rests on."""
    rows = estimate.rows()
    total = Row(
        "all",
        max((row.gpus for row in rows), default=0),
        sum(row.jobs for row in rows),
        sum(row.done for row in rows),
        sum(row.requests for row in rows),
        sum(row.tokens for row in rows),
        sum(row.gpu_hours for row in rows),
        sum(row.bytes for row in rows),
        sum(row.dollars or 0.0 for row in rows) if any(row.dollars for row in rows) else None,
        longest_hours=max((row.longest_hours for row in rows), default=0.0),
    )
    lines = aligned([HEAD, *(_cells(row) for row in rows), (*_cells(total)[:-1], "")])
    problems = sum(estimate.problems.values())
    notes = [
        f"Study {estimate.grid.study.name}: {problems:,} problems of "
        f"{len(estimate.problems)} datasets, {estimate.grid.study.draws} draws, shards of "
        f"{estimate.grid.study.shard_size}.",
        "Jobs are generation jobs; requests are an upper bound. Requests, tokens, hours and bytes "
        "are of the jobs that are not done; tokens are output tokens, the price is theirs alone.",
        f"Where nothing is measured: tokens per call typical of the kind of procedure, an H100 at "
        f"a tenth of its peak, {START_MINUTES:.0f} minutes to start, "
        f"{JOURNAL_BYTES + RESULT_BYTES:.0f} bytes per token. One finished shard of each model "
        f"replaces these by its own figures.",
    ]
    notes += [
        f"models.{row.model}.gpu_seconds_per_token: {row.gpu_seconds_per_token:.3g} is what its "
        f"finished jobs took; set it there to price strategies in GPU seconds."
        for row in rows
        if row.gpu_seconds_per_token
    ]
    if estimate.unknown:
        notes.append(
            f"LEFT OUT, number of problems unknown until prepared: "
            f"{', '.join(sorted(estimate.unknown))}. Make their tables first."
        )
    return "\n".join([*lines, "", *notes])
