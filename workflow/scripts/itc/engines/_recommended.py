"""The sampling that a model's makers recommend: its generation_config.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itc.config.fields import neutral
from itc.config.sampling import RECOMMENDED
from itc.engines._base import EngineError, Params

FILE = "generation_config.json"


def read(where: str, revision: str | None = None) -> dict[str, Any]:
    """Recommended values by our names, from a folder or a Hugging Face repository.

    A value that the file does not name is the neutral one. Raises EngineError where there is no
    such file, or it recommends nothing.
    """
    found = _json(where, revision)
    values = {name: found[name] for name in RECOMMENDED if found.get(name) is not None}
    if not values:
        raise EngineError(
            f"sampling: model, but {FILE} of {where} recommends none of {', '.join(RECOMMENDED)}; "
            f"set `sampling: own` and the values in the procedure"
        )
    return {name: values.get(name, neutral(Params, name)) for name in RECOMMENDED}


def applied(params: Params, values: Mapping[str, Any]) -> Params:
    """``params`` with the recommended ``values``."""
    return Params(**{**dict(params), **values, "sampling": "own"})


def marked(platform: Mapping[str, Any], values: Mapping[str, Any] | str) -> dict[str, Any]:
    """``platform`` of a response that was drawn so: its settings say with which values."""
    return {**platform, "settings": {**(platform.get("settings") or {}), "sampling": values}}


def _json(where: str, revision: str | None) -> dict[str, Any]:
    folder = Path(where)
    if folder.is_dir():
        file: str | None = str(folder / FILE) if (folder / FILE).is_file() else None
    else:
        from transformers.utils.hub import cached_file

        file = cached_file(
            where, FILE, revision=revision, _raise_exceptions_for_missing_entries=False
        )
    if file is None:
        raise EngineError(
            f"sampling: model, but {where} has no {FILE}; set `sampling: own` and the values in "
            f"the procedure"
        )
    found: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    return found
