"""JSON lines, plain, gzip or zstd: one object per response in the common recording schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itc.archive._lines import json_lines, mapped

TITLE = "JSON lines"


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one dict per line of ``path``, columns renamed by ``spec["columns"]`` (ours: theirs).

    Streams: memory is one line. Raises DamagedFileError naming file and line.
    """
    columns = spec.get("columns", {})
    for _, row in json_lines(path):
        yield row | mapped(row, columns)
