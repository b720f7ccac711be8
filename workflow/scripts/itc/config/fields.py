"""How a field of the configuration says whether it decides what a model answers.

Every field of an entry bears exactly one mark: ``Decides`` or ``INCIDENTAL``. A field that decides
is part of the identity only where its value differs from its declared neutral value, the one at
which the setting does nothing. So a field that a later version adds at its neutral value changes
no identity, and neither does writing out a default.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Identity = Literal["responses", "dataset", "import"]


class Always:
    """The neutral value of a field that has none: it is always part of the identity."""

    def __repr__(self) -> str:
        return "always"


ALWAYS: Final = Always()


@dataclass(frozen=True, eq=False)
class Decides:
    """Mark of a field that decides.

    neutral: value at which the field says nothing; the key then stays out of the identity. It is
    no default: a default may change, a neutral value never does. of: what the field decides.
    content: the value names a file or folder, which counts by its content, wherever it lies.
    """

    neutral: Any = ALWAYS
    of: Identity = "responses"
    content: bool = False

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        about: dict[str, Any] = {"identity": self.of}
        if self.neutral is not ALWAYS:
            about["neutral"] = self.neutral
        return {**found, **about}


@dataclass(frozen=True, eq=False)
class Incidental:
    """Mark of a field that says where, how fast, how patiently, or how it is called."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "identity": False}


INCIDENTAL: Final = Incidental()


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


Whole = Annotated[int, BeforeValidator(_no_bool)]


def _iso(value: Any) -> Any:
    """YAML reads a day without quotes as a date."""
    return value.isoformat() if isinstance(value, datetime.date) else value


# A day, or a month, in ISO's words.
Day = Annotated[
    str,
    BeforeValidator(_iso),
    StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$"),
]


class Section(BaseModel):
    """A mapping whose unknown keys are errors, never ignored."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), validate_default=True)


class Open(Section):
    """A section with further keys, which belong to the extension that the entry names."""

    model_config = ConfigDict(extra="allow")


def mark(section: type[BaseModel], name: str) -> Decides | Incidental:
    """The mark of one field; raises TypeError for a field that bears none, or more than one."""
    metadata = section.model_fields[name].metadata
    found = [item for item in metadata if isinstance(item, Decides | Incidental)]
    if len(found) != 1:
        raise TypeError(
            f"{section.__name__}.{name}: needs one mark, Decides(neutral=...) or INCIDENTAL, "
            f"and has {len(found)}; see itc/config/fields.py"
        )
    return found[0]


def neutral(section: type[BaseModel], name: str) -> Any:
    """Neutral value of one field; raises TypeError for a field without one."""
    found = mark(section, name)
    if not isinstance(found, Decides) or found.neutral is ALWAYS:
        raise TypeError(f"{section.__name__}.{name} has no neutral value")
    return found.neutral
