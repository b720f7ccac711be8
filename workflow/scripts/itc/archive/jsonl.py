"""JSON lines, plain or gzip: one object per response in the common recording schema."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TITLE = "JSON lines"


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one dict per line of ``path``, columns renamed by ``spec["columns"]`` (ours: theirs).

    Streams: memory is one line. Raises ValueError naming file and line for a line that is no JSON
    object or ends in the middle.
    """
    rename = {theirs: ours for ours, theirs in spec.get("columns", {}).items()}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):  # noqa: B007 (named in the error)
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise ValueError("not an object")
                    yield {rename.get(key, key): value for key, value in row.items()}
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(
                f"{path}: line {number + 1 if isinstance(error, EOFError) else number}: {error}; "
                "the file is damaged or in another format: fetch it again or set its `format`"
            ) from error
