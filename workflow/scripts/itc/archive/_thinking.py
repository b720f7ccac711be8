"""What the other rows of a model say about a text that shows none of its thinking delimiters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itc.thinking import HEAD, KNOWN


class Delimiters:
    """Counts, over the rows of one model and dataset, of texts that open and that close a thinking.

    Where texts close a thinking that none of them opens, the opening delimiter was in the prompt,
    and a text without the closing one is a thinking that never closed. Where texts open it
    themselves, a text without any did not think. Where no text has any, nothing is known.
    """

    def __init__(self) -> None:
        self.opened = self.closed = 0

    def see(self, row: dict[str, Any], pair: Sequence[str] | None) -> None:
        """Count one row of table ``responses``."""
        text = row.get("text")
        if not isinstance(text, str):
            return
        openings = [opening for opening, _ in KNOWN] + ([pair[0]] if pair else [])
        opens = any(opening in text[:HEAD] for opening in openings)
        self.opened += opens
        self.closed += not opens and bool(row.get("thinking_end"))

    def settle(self, rows: list[dict[str, Any]]) -> None:
        """Decide rows that are ``thinking_unclear``, in place, where the others say enough."""
        for row in rows:
            if not row.get("thinking_unclear"):
                continue
            if self.opened:
                row["thinking_unclear"] = None
            elif self.closed:
                row["thinking_unclear"] = None
                row["thinking_end"] = len(row["text"])
