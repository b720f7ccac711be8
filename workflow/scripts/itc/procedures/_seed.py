"""Seeds of requests, derived from what each is for."""

from __future__ import annotations

import hashlib
from typing import Any

from itc.config.identity import canonical


def derive_seed(*parts: Any) -> int:
    """A seed in [0, 2**63) from the sha256 of ``parts``; equal parts, equal seed."""
    return int.from_bytes(hashlib.sha256(canonical(list(parts))).digest()[:8], "big") >> 1
