"""What a generate job counts, and the lines that tell how far it is."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass


@dataclass
class Counts:
    """What a stream did. Tokens are output tokens that the engine made in this session."""

    from_journal: int = 0  # of these `adopted` lay in journals of another path
    adopted: int = 0
    asked: int = 0
    finished: int = 0
    skipped: int = 0
    tokens: int = 0
    prompt_tokens: int = 0

    def told(self) -> dict[str, int]:
        """These counts under the names of a timing file."""
        return {
            "requests_from_journal": self.from_journal,
            "requests_adopted": self.adopted,
            "requests_finished": self.finished,
            "prompts_too_long": self.skipped,
            "prompt_tokens": self.prompt_tokens,
            "output_tokens": self.tokens,
        }


class Progress:
    """Lines with rate and remaining time for a log file, at most one in ``every`` seconds."""

    def __init__(self, total: int, label: str, every: float = 5.0) -> None:
        self.total, self.label, self.every = total, label, every
        self._started: float | None = None  # the first answer's time, so loading does not count
        self._told = time.monotonic()

    def __call__(self, counts: Counts, last: bool = False) -> None:
        """Tell how far it is."""
        now = time.monotonic()
        if self._started is None:
            self._started = now
        if not last and now - self._told < self.every:
            return
        self._told = now
        done = counts.from_journal + counts.finished + counts.skipped
        seconds = max(now - self._started, 1e-6)
        rate = counts.finished / seconds
        left = max(self.total - done, 0)
        remaining = f"{int(left / rate) // 60}:{int(left / rate) % 60:02d}" if rate else "?"
        share = 100 * done / max(self.total, 1)
        print(
            f"{self.label}: {done}/{self.total} responses ({share:.0f} %), {rate:.1f} responses/s, "
            f"{counts.tokens / seconds:,.0f} tokens/s, remaining {remaining}",
            file=sys.stderr,
            flush=True,
        )
