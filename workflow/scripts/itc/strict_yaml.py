"""YAML of others: bounded in size, depth and what its aliases expand to, before anything is made.

A few hundred bytes of YAML can stand for terabytes: an alias repeats what its anchor names, and
aliases nest. Here the events of the text are counted first. Light imports only.
"""

from __future__ import annotations

from typing import Any

import yaml

LARGEST = 4 << 20  # bytes; an overlay of a large study has some ten thousand
NODES = 200_000  # values, each counted as often as aliases repeat it
DEPTH = 40
DIGITS = 30  # of one number


class StrictYamlError(ValueError):
    """The text is no YAML within the bounds; the message says which value meets which."""


def load(data: bytes) -> Any:
    """What ``data`` says, as ``yaml.safe_load`` reads it; raises StrictYamlError for all else."""
    if len(data) > LARGEST:
        raise StrictYamlError(f"it has {len(data):,} bytes, the limit is {LARGEST:,}")
    try:
        _count(data)
        return yaml.safe_load(data)
    except StrictYamlError:
        raise
    # PyYAML raises plain errors for values that look like a date or a number and are none.
    except (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise StrictYamlError(
            f"it is no YAML of plain values ({error})".replace("\n", " ")
        ) from error
    except (RecursionError, OverflowError) as error:
        raise StrictYamlError(f"its values cannot be made ({error})") from error


def _count(data: bytes) -> None:
    """Raise StrictYamlError where values are too many, too deep, or refer to themselves."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []  # anchor, and values before it began
    total = 0
    for event in yaml.parse(data, Loader=yaml.SafeLoader):
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == name for name, _ in open_nodes):
                raise StrictYamlError(f"the alias *{anchor} lies inside what it stands for")
            total += sizes.get(str(anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if anchor:
                sizes[anchor] = 1
            digits = sum(character.isdigit() for character in event.value[: 2 * DIGITS])
            if event.implicit[0] and digits > DIGITS and _numeric(event.value):
                raise StrictYamlError(
                    f"the number {event.value[:20]}... has more than {DIGITS} digits"
                )
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((anchor, total))
            total += 1
            if len(open_nodes) > DEPTH:
                raise StrictYamlError(f"its values lie more than {DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            name, before = open_nodes.pop()
            if name:
                sizes[name] = total - before
        if total > NODES:
            raise StrictYamlError(
                f"it stands for more than {NODES:,} values, repeated ones counted each time"
            )


def _numeric(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEFox_+-.:" for character in text)
