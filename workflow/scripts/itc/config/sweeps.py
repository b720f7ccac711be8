"""Cells of a procedure's sweep: one entry of its own for each combination of the listed values.

``sweep: {temperature: [0.2, 0.6], prompt: [sample, sample_plain]}`` of entry ``sample`` adds
``sample-temperature_0.2-prompt_sample`` and so on beside ``sample`` itself. A combination that is
what the entry says anyway is the entry, so nothing is sampled twice. Cells are entries like any
other from here on: they have paths, journals, seeds and rows of their own.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from itc import registry
from itc.config.schema import Config, Procedure

# What sets an entry apart from others, or says how much of it is made: no value to try.
FIXED = frozenset(
    {"title", "kind", "sweep", "swept_from", "draws", "reasoning_only", "long_prompt"}
)
_PLAIN = re.compile(r"^-?[A-Za-z0-9._]+(-[A-Za-z0-9._]+)*$")


def sweepable(kind: str) -> list[str]:
    """Keys that a sweep of a procedure of ``kind`` may list values of."""
    own = registry.options("procedures", kind) if kind in registry.names("procedures") else {}
    return sorted(({*Procedure.model_fields, *own}) - FIXED)


def expand(config: Config) -> tuple[Config, list[str]]:
    """The configuration with the cells of every swept procedure of the study, and its faults.

    A fault is one line that names the key, the value, what is allowed, and the way out. Expanding
    twice changes nothing: an archived study holds its cells and the sweep they came from.
    """
    problems: list[str] = []
    procedures, chosen = dict(config.procedures), list(config.study.procedures)
    for name in config.study.procedures:
        entry = config.procedures.get(name)
        if entry is None or not entry.sweep:
            continue
        faults = _faults(name, entry, config.study.sweep_cells)
        if faults:
            problems += faults
            continue
        place = chosen.index(name) + 1
        for cell, made in _cells(name, entry, problems):
            if procedures.get(cell, made) != made:
                problems.append(
                    f"procedures.{name}.sweep: its cell {cell!r} is defined already, with other "
                    f"values; rename that entry"
                )
            procedures[cell] = made
            if cell not in chosen:
                chosen.insert(place, cell)
            place = chosen.index(cell) + 1
    if problems:
        return config, problems
    study = config.study.model_copy(update={"procedures": chosen})
    return config.model_copy(update={"procedures": procedures, "study": study}), []


def values_of(entry: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What a cell sets of its sweep; ``entry`` and ``base`` are procedures as plain values."""
    return {key: entry.get(key) for key in base.get("sweep") or {}}


def _cells(name: str, entry: Procedure, problems: list[str]) -> Iterator[tuple[str, Procedure]]:
    given = entry.model_dump(exclude_unset=True, exclude={"sweep"})
    keys = list(entry.sweep)
    for values in itertools.product(*entry.sweep.values()):
        setting = dict(zip(keys, values, strict=True))
        cell = "-".join([name, *(f"{key}_{_word(value)}" for key, value in setting.items())])
        words = ", ".join(f"{key} {_shown(value)}" for key, value in setting.items())
        changes = setting | {"title": f"{entry.title or name}, {words}", "swept_from": name}
        try:
            made = Procedure.model_validate(given | changes)
        except ValidationError as error:
            for item in error.errors():
                line = (
                    f"procedures.{name}.sweep.{item['loc'][0]}: value {item['input']!r} refused: "
                    f"{item['msg']}; correct the value"
                )
                if line not in problems:
                    problems.append(line)
            continue
        if any(getattr(made, key, None) != getattr(entry, key, None) for key in keys):
            yield cell, made


def _faults(name: str, entry: Procedure, most: int) -> list[str]:
    label = f"procedures.{name}.sweep"
    if entry.swept_from:
        return [f"{label}: {name!r} is a cell of {entry.swept_from!r} itself; sweep that entry"]
    allowed = sweepable(entry.kind)
    found = [
        f"{label}.{key}: no key to sweep (values {values!r}); allowed: {', '.join(allowed)}"
        for key, values in entry.sweep.items()
        if key not in allowed
    ]
    count = 1
    for key, values in entry.sweep.items():
        distinct = {json.dumps(value, sort_keys=True, default=str) for value in values}
        if not values or len(distinct) < len(values):
            found.append(
                f"{label}.{key}: {values!r}; list at least one value, and each of them once"
            )
        count *= max(len(values), 1)
    if count > most:
        found.append(
            f"{label}: {' x '.join(str(len(v)) for v in entry.sweep.values())} values make {count} "
            f"cells, more than study.sweep_cells {most}; list fewer values, or raise that bound"
        )
    return found


def _word(value: Any) -> str:
    """A value as part of a name: itself where it is plain, else eight digits of its hash."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str | bool | int | float) and _PLAIN.match(text):
        return text
    canonical = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value, default=str)
