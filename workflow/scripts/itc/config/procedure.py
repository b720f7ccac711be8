"""Procedures: the ways a model is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from itc.config.fields import INCIDENTAL, Decides, Open, Section, Whole
from itc.config.sampling import Sampling

# An archive brings its own study, so no number of it may ask for more than a machine can count.
MOST_DRAWS = 1_000_000


class ProcedureError(ValueError):
    """A procedure cannot run as configured; the message names the entry, key and mend."""


class Options(Section):
    """Keys of a procedure's entry that only its kind knows: a class ``Options`` in its file."""

    model_config = ConfigDict(frozen=True)


Kind = TypeVar("Kind", bound=Options)


class Procedure(Sampling, Open):
    """One way to call a model; keys beyond these belong to its kind (its ``Options``)."""

    title: Annotated[str, INCIDENTAL] = Field("", description="Name in the report.")
    kind: Annotated[str, Decides()] = Field(
        description="File in itc/procedures/ that builds its requests."
    )
    parent: Annotated[str | None, INCIDENTAL] = Field(
        None, description="Procedure whose responses it reads; they count by their own identity."
    )
    prompt: Annotated[str | dict[str, str] | None, INCIDENTAL] = Field(
        None,
        description="Template in config/prompts/, or several by role; they count by their text.",
    )
    system_prompt: Annotated[str | None, Decides(neutral=None)] = Field(
        None, description="System message."
    )
    chat_template_kwargs: Annotated[dict[str, Any], Decides(neutral={})] = Field(
        default_factory=dict,
        description="Variables of the model's chat template for this procedure; they win over the "
        "model's own. A model whose template does not know one is an error.",
    )
    long_prompt: Annotated[Literal["fail", "skip"], INCIDENTAL] = Field(
        "fail", description="A prompt over the window ends the job, or gives an empty response."
    )
    draws: Annotated[Whole | None, INCIDENTAL] = Field(
        None, gt=0, le=MOST_DRAWS, description="Only the first so many draws."
    )
    reasoning_only: Annotated[bool, INCIDENTAL] = Field(
        False, description="Skip models that do not think."
    )
    sweep: Annotated[dict[str, list[Any]], INCIDENTAL] = Field(
        default_factory=dict,
        description="Values to try, by key: `{temperature: [0.2, 0.6], prompt: [sample]}`. Each "
        "combination becomes an entry of its own beside this one, `sample-temperature_0.2-...`.",
    )
    swept_from: Annotated[str | None, INCIDENTAL] = Field(
        None, description="Entry whose sweep made this one; set by the sweep, never by hand."
    )


@dataclass(frozen=True)
class Settings:
    """A procedure as one dataset is asked by it.

    prompts: template text by role. system_prompt: the dataset's, else the entry's. name: of the
    entry, for messages.
    """

    entry: Procedure
    prompts: Mapping[str, str] = field(default_factory=dict)
    system_prompt: str | None = None
    name: str = ""
    _options: dict[type[Options], Options] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """From plain values: an entry's keys, ``prompts`` (role -> text), ``system_prompt``, name.

        Raises ProcedureError for values that are no entry.
        """
        entry = {key: value for key, value in values.items() if key not in ("prompts", "name")}
        try:
            found = Procedure.model_validate(entry)
        except ValidationError as error:
            label = f"procedures.{values.get('name', '?')}"
            raise ProcedureError(_told(label, error)) from None
        texts, name = dict(values.get("prompts") or {}), str(values.get("name", ""))
        return cls(found, texts, found.system_prompt, name)

    def plain(self) -> dict[str, Any]:
        """JSON-like values from which ``of`` makes the same settings again."""
        return {
            **self.entry.model_dump(mode="json"),
            "prompts": dict(self.prompts),
            "system_prompt": self.system_prompt,
            "name": self.name,
        }

    def options(self, kind: type[Kind]) -> Kind:
        """Keys of the procedure's kind; raises ProcedureError naming what is wrong with them."""
        found = self._options.get(kind)
        if found is None:
            try:
                found = kind.model_validate(self.entry.model_extra or {})
            except ValidationError as error:
                raise ProcedureError(
                    _told(f"procedures.{self.name or self.entry.kind}", error)
                ) from None
            self._options[kind] = found
        assert isinstance(found, kind)
        return found


def _told(label: str, error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        key = ".".join((label, *map(str, item["loc"])))
        lines.append(f"{key}: value {item['input']!r} refused: {item['msg']}; correct the value")
    return "\n".join(lines)
