"""Write what is generated from the typed config: the JSON schema and the configuration manual.

``python workflow/scripts/itc/config_docs.py`` regenerates both; a test fails where they drifted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a file from a checkout: make the package importable
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from itc import registry
from itc.config import root
from itc.config.schema import Config

SCHEMA = "workflow/schemas/config.schema.json"
MANUAL = "config/README.md"

INTRODUCTION = """\
# Configuration

`default.yaml` is the laptop study, `replay.yaml` replays recorded responses, `paper.yaml` is the
full study. `--configfile FILE` overlays the default: selections (`study.datasets`, `study.models`,
...) are lists, which the overlay replaces; definitions (`datasets`, `models`, `procedures`,
`imports`, `archives`) are registries, to which it adds. Unknown keys are errors.

`datasets.yaml`, `models.yaml`, `procedures.yaml` hold the definitions, `prompts/` the templates,
`lexicons/` the marker lists.

Column *decides* says whether a key is part of what identifies a response (the problems, an import).
It is so only where it differs from its neutral value; keys without a word there change no path
and ask nothing again. Of `engine_options` those that an engine's file lists as `SERVING` do not
count, of a procedure's own keys those that its class `Options` marks as incidental. Values given by
`--config` are read as in a file. `snakemake --cores 1 identity` says which key would sample anew.

This page is generated:
`python workflow/scripts/itc/config_docs.py`.
"""

TITLES = {
    "Config": "Top level",
    "Study": "`study`: what this study selects",
    "Dataset": "`datasets.*`: one dataset",
    "Model": "`models.*`: one model",
    "Procedure": "`procedures.*`: one way to call a model",
    "Import": "`imports.*`: one file of recorded responses",
    "Archive": "`archives.*`: one deposit to replay",
    "Shape": "`models.*.shape`",
    "Price": "`models.*.price`",
}


def _kind(value: dict[str, Any]) -> str:
    """A short name of a JSON-schema type."""
    if "$ref" in value:
        return str(value["$ref"].rpartition("/")[2])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(option) for option in value["anyOf"]))
    if "enum" in value or "const" in value:
        return " or ".join(f"`{option}`" for option in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        items = value.get("items") or {}
        return f"list of {_kind(items)}" if items else "list"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"mapping to {_kind(inner)}" if isinstance(inner, dict) and inner else "mapping"
    return str(value.get("type", "any"))


def _decides(value: dict[str, Any]) -> str:
    """What a key decides, and the value at which it says nothing; a loader's keys say neither."""
    if not value.get("identity"):
        return ""
    what = {"responses": "response", "dataset": "problems", "import": "import"}[value["identity"]]
    return f"{what}, unless `{json.dumps(value['neutral'])}`" if "neutral" in value else what


def _table(entry: dict[str, Any]) -> list[str]:
    marked = any("identity" in value for value in entry["properties"].values())
    heads = ["key", "type", "default", *(["decides"] if marked else []), "meaning"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for key, value in entry["properties"].items():
        if key in entry.get("required", []):
            default = "required"
        elif "default" in value:
            default = f"`{json.dumps(value['default'])}`"
        else:
            default = ""
        kind = _kind(value).replace("|", "\\|")
        cells = [f"`{key}`", kind, default, *([_decides(value)] if marked else [])]
        lines.append("| " + " | ".join([*cells, value.get("description", "")]) + " |")
    return lines


def json_schema() -> dict[str, Any]:
    """JSON Schema of the configuration, with each extension's own keys allowed by name."""
    schema = Config.model_json_schema()
    for title, kind in (
        ("Dataset", "datasets"),
        ("Procedure", "procedures"),
        ("Import", "archive"),
    ):
        entry = schema["$defs"][title]
        for name in registry.names(kind):
            for key, text in registry.options(kind, name).items():
                entry["properties"].setdefault(key, {"description": f"{name}: {text}"})
        entry["additionalProperties"] = False
    return schema


def manual() -> str:
    """The configuration manual as Markdown: one table per section, from the schema."""
    schema = json_schema()
    parts = [INTRODUCTION]
    for name, title in TITLES.items():
        entry = schema if name == "Config" else schema["$defs"][name]
        parts.append("\n".join([f"## {title}", "", *_table(entry)]) + "\n")
    lines = ["## What `all` means: files found by name", ""]
    for kind, word in registry.KINDS.items():
        names = ", ".join(f"`{name}`" for name in registry.names(kind))
        lines.append(f"- {word}: {names or 'none yet'}")
    return "\n".join([*parts, *lines]) + "\n"


def generated() -> dict[Path, str]:
    """Generated files and the text they must hold."""
    schema = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    return {root() / SCHEMA: schema, root() / MANUAL: manual()}


if __name__ == "__main__":
    for target, text in generated().items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.relative_to(root())}")
