"""List or delete journals that no study needs."""

from __future__ import annotations

from pathlib import Path

from itc.journal import Journal
from itc.migration import NAME


def prune(root: str | Path, keep: set[str], *, delete: bool = False) -> list[tuple[str, int]]:
    """Journal files below ``root`` that no study in ``keep`` needs; deleted only if asked.

    keep: paths relative to ``root`` without suffix, ``{model}/{procedure}-{hash}/{shard}``.
    Returns (relative path, bytes) of every file that is not kept, side files included, sorted.
    Raises JournalBusyError, before anything is deleted, if a job holds one of them.
    """
    root = Path(root)
    folders = {name.rpartition("/")[0] for name in keep}
    found = []
    for path in sorted([*root.rglob("*.json*"), *root.rglob("*.keys")]):
        relative = path.relative_to(root)
        shard = relative.with_name(relative.name.split(".")[0])
        kept = shard.as_posix() in keep
        if path.name == NAME:  # it belongs to all shards of its folder
            kept = relative.parent.as_posix() in folders
        if path.is_file() and not kept:
            found.append((relative.as_posix(), path.stat().st_size))
    if not delete:
        return found
    held = []
    try:
        for name, _ in found:
            if name.endswith(".jsonl"):
                held.append(Journal(root / name, wait=0))
        for name, _ in found:
            (root / name).unlink()
    finally:
        for journal in held:
            journal.close()
    return found
