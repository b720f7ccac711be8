"""Checksums of files. Light imports only."""

from __future__ import annotations

import hashlib
from pathlib import Path


def of_file(path: str | Path) -> str:
    """SHA-256 of a file in hex, read piece by piece; raises OSError where it cannot be read."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
