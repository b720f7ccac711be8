"""Measures and smallest effects of interest of the claims, from ``config/claims.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from itc import registry

FILE = Path(__file__).resolve().parents[4] / "config" / "claims.yaml"
KEYS = {"measure", "unit", "smallest_effect"}


class ClaimConfigError(ValueError):
    """config/claims.yaml does not fit the claims; the message names the claim and the mend."""


def check(raw: dict, where: str) -> dict[str, dict]:
    """Entries by claim, each with exactly KEYS; every claim of the registry must have one."""
    known = set(registry.names("claims"))
    for name in sorted(known - set(raw)):
        raise ClaimConfigError(f"{where}: claim {name!r} has no entry; add {sorted(KEYS)} for it")
    for name, entry in raw.items():
        if name not in known:
            raise ClaimConfigError(f"{where}: no claim {name!r}; claims are {sorted(known)}")
        if not isinstance(entry, dict) or set(entry) != KEYS:
            raise ClaimConfigError(f"{where}: claim {name!r} needs exactly the keys {sorted(KEYS)}")
        smallest = entry["smallest_effect"]
        if not isinstance(smallest, int | float) or smallest < 0:
            raise ClaimConfigError(
                f"{where}: claim {name!r}: smallest_effect {smallest!r} must be a number, 0 or more"
            )
    return raw


@cache
def load() -> dict[str, dict]:
    """Entries of the shipped file."""
    return check(yaml.safe_load(FILE.read_text(encoding="utf-8"))["claims"], "config/claims.yaml")
