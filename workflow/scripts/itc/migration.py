"""Why a run has the path it has, and what would be sampled again because of which key.

Beside the journals of a folder lies ``identity.json``: what its hash is the hash of. Two folders of
one model and procedure are compared by it, so a changed key is named with both its values before
anything is asked of a GPU.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itc.atomic import replaced
from itc.config.identity import behaviour
from itc.journal_index import Keys, procedure_of

NAME = "identity.json"
ABSENT = "(not set)"
_SHOWN = 60  # characters of a value that a message shows


@dataclass(frozen=True)
class Change:
    """One key in which two identities differ; a value that is not there is at its neutral one."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        old, new = _excerpts(self.old, self.new)
        return f"{self.key}: {old} -> {new}{self.reason}"

    @property
    def reason(self) -> str:
        """What changed in the software, where the key is a behaviour number; else nothing."""
        place, _, last = self.key.rpartition(".behaviour")
        if last or "(" not in place:
            return ""
        kind, _, name = place.partition("(")[2].rstrip(")").partition(" ")
        first = self.old if isinstance(self.old, int) else 0
        texts = [text for number, text in behaviour(kind, name).items() if number > first]
        return f" ({'; '.join(texts)})" if texts else ""


@dataclass(frozen=True)
class Known:
    """A folder of journals and what it was made with."""

    folder: Path
    identity: Mapping[str, Any]

    def count(self) -> int:
        """Records of its journals."""
        return sum(len(keys) for keys in _readable(self.folder))


def write(folder: Path, identity: Mapping[str, Any]) -> None:
    """Keep ``identity`` beside the journals of ``folder``; what lies there already stays."""
    target = folder / NAME
    if not target.exists():
        text = json.dumps(identity, indent=1, sort_keys=True, ensure_ascii=False)
        replaced(target, text + "\n")


def read(folder: Path) -> dict[str, Any] | None:
    """The identity kept in ``folder``; None where there is none, or a damaged one."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def others(root: str | Path, model: str, procedure: str, own: str) -> list[Known]:
    """Folders of a model and procedure under other hashes than folder ``own``, with journals."""
    place = Path(root) / model
    if not place.is_dir():
        return []
    folders = sorted(f for f in place.iterdir() if procedure_of(f.name) == procedure)
    known = ((f, read(f)) for f in folders if f.name != own and any(f.glob("*.jsonl")))
    return [Known(folder, identity) for folder, identity in known if identity is not None]


def changes(old: Mapping[str, Any], new: Mapping[str, Any], procedure: str) -> list[Change]:
    """Keys in which two identities differ, as the configuration calls them.

    procedure: name of its entry. The entry of a model is called ``model``, since its name is the
    folder's.
    """
    before, after = dict(_flat(old, procedure)), dict(_flat(new, procedure))
    keys = dict.fromkeys((*before, *after))
    found = [Change(key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in keys]
    return [change for change in found if change.old != change.new]


def nearest(
    known: list[Known], identity: Mapping[str, Any], procedure: str
) -> tuple[Known, list[Change]] | None:
    """The folder whose identity differs least from ``identity``, and in what; None of none."""
    compared = [(folder, changes(folder.identity, identity, procedure)) for folder in known]
    return min(compared, key=lambda pair: len(pair[1]), default=None)


def warning(
    root: str | Path, model: str, procedure: str, own: str, identity: Mapping[str, Any]
) -> str | None:
    """One line for a run that samples what exists under another hash, differing in one key."""
    found = nearest(others(root, model, procedure, own), identity, procedure)
    if found is None or len(found[1]) != 1:
        return None
    folder, (change,) = found
    count = folder.count()
    if not count:
        return None
    return (
        f"{procedure} of {model} is sampled anew, though {count} answers lie in {folder.folder}: "
        f"they differ in {change}"
    )


def _flat(value: Mapping[str, Any], procedure: str) -> Iterator[tuple[str, Any]]:
    """Keys of an identity as the configuration calls them, nested ones with dots."""
    for key, item in value.items():
        if key == "seed":
            yield "study.seed", item
        elif key == "block":
            yield "draws seen together (study.shard_size)", item
        elif key == "parent":
            yield f"responses of the parent of `{procedure}`", item
        elif key == "model":
            yield from _section("model", item, ("engines", str(item.get("engine"))))
        elif key == "procedure":
            own = dict(item)
            texts, options = own.pop("prompts", {}), own.pop("options", {})
            kind = ("procedures", str(item.get("kind")))
            yield from _section(f"procedures.{procedure}", {**own, **options}, kind)
            for role, text in texts.items():
                yield f"text of the template of `{procedure}`, role {role}", text
        else:
            yield key, item


def _section(
    label: str, values: Mapping[str, Any], extension: tuple[str, str]
) -> Iterator[tuple[str, Any]]:
    for key, item in values.items():
        if key == "behaviour":
            yield f"{label} ({' '.join(extension)}).behaviour", item
        elif isinstance(item, Mapping):
            yield from ((f"{label}.{key}.{inner}", value) for inner, value in item.items())
        else:
            yield f"{label}.{key}", item


def _excerpts(old: Any, new: Any) -> tuple[str, str]:
    """Both values, short: long texts are cut to where they part."""
    texts = [v if v is ABSENT else json.dumps(v, ensure_ascii=False) for v in (old, new)]
    if max(map(len, texts)) <= _SHOWN:
        return texts[0], texts[1]
    same = 0
    for a, b in zip(*texts, strict=False):
        if a != b:
            break
        same += 1
    start = max(same - _SHOWN // 3, 0)

    def cut(text: str) -> str:
        end = "..." if len(text) > start + _SHOWN else ""
        return ("..." if start else "") + text[start : start + _SHOWN] + end

    return cut(texts[0]), cut(texts[1])


def _readable(folder: Path) -> Iterator[Keys]:
    for path in sorted(folder.glob("*.jsonl")):
        try:
            yield Keys(path)
        except OSError:
            continue
