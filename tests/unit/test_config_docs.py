"""The generated schema and manual are those of the code."""

import json

from itc.config_docs import generated, root


def test_generated_files_have_not_drifted():
    for path, text in generated().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.relative_to(root())} has drifted from the code: run "
            "python workflow/scripts/itc/config_docs.py and commit the result"
        )


def test_schema_refuses_unknown_keys_everywhere():
    schema = json.loads((root() / "workflow/schemas/config.schema.json").read_text())
    for name, entry in {"Config": schema, **schema["$defs"]}.items():
        if entry["type"] == "object":
            assert entry["additionalProperties"] is False, name
