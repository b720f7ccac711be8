"""Measures and smallest effects of interest of the claims, from ``config/claims.yaml``."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from itc import registry

FILE = Path(__file__).resolve().parents[4] / "config" / "claims.yaml"
KEYS = {"measure", "unit", "smallest_effect"}


class ClaimConfigError(ValueError):
    """config/claims.yaml does not fit the claims; the message names the claim and the mend."""


def check(raw: object, where: str) -> dict[str, dict[str, Any]]:
    """Entries by claim, each with exactly KEYS; every claim of the registry must have one.

    Raises ClaimConfigError naming ``where``, the claim, the value and the mend.
    """
    if not isinstance(raw, dict):
        raise ClaimConfigError(
            f"{where}: {raw!r} is no mapping of claims; write `claims:` and below it one entry per "
            f"claim with the keys {sorted(KEYS)}"
        )
    known = set(registry.names("claims"))
    for name in sorted(known - set(raw)):
        raise ClaimConfigError(f"{where}: claim {name!r} has no entry; add {sorted(KEYS)} for it")
    for name, entry in raw.items():
        if name not in known:
            raise ClaimConfigError(f"{where}: no claim {name!r}; claims are {sorted(known)}")
        if not isinstance(entry, dict) or set(entry) != KEYS:
            raise ClaimConfigError(
                f"{where}: claim {name!r} has {entry!r}; it needs exactly the keys {sorted(KEYS)}"
            )
        for key in ("measure", "unit"):
            if not isinstance(entry[key], str) or not entry[key].strip():
                raise ClaimConfigError(
                    f"{where}: claim {name!r}: {key} {entry[key]!r} must be words; say what is "
                    "measured, or in which unit"
                )
        smallest = entry["smallest_effect"]
        number = isinstance(smallest, int | float) and not isinstance(smallest, bool)
        if not number or not 0 <= smallest < math.inf:
            raise ClaimConfigError(
                f"{where}: claim {name!r}: smallest_effect {smallest!r} must be a finite number, "
                "0 or more, in the claim's unit"
            )
    return raw


def read(path: Path, where: str) -> dict[str, dict[str, Any]]:
    """Checked entries of a file, named ``where`` in errors (ClaimConfigError)."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ClaimConfigError(f"{where}: cannot be read as YAML: {error}") from error
    extra = sorted(set(raw) - {"claims"}, key=str) if isinstance(raw, dict) else []
    if extra:
        raise ClaimConfigError(f"{where}: unknown keys {extra}; only `claims` is allowed")
    return check(raw.get("claims") if isinstance(raw, dict) else raw, where)


@cache
def load() -> dict[str, dict[str, Any]]:
    """Entries of the shipped file."""
    return read(FILE, "config/claims.yaml")
