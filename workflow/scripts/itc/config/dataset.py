"""Datasets, recordings to import, archives to replay."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from itc.config.fields import INCIDENTAL, Day, Decides, Open, Section


class Dataset(Open):
    """One dataset; keys beyond these belong to its loader (its OPTIONS)."""

    title: Annotated[str, INCIDENTAL] = Field(description="Name in the report.")
    loader: Annotated[str, Decides(of="dataset")] = Field(
        description="File in itc/datasets/ that reads it, or `recording`, or `archive`."
    )
    answer_type: Annotated[str, Decides(of="dataset")] = Field(
        description="File in itc/grading/ that judges its answers."
    )
    licence: Annotated[str, Decides(neutral="unknown", of="dataset")] = Field(
        "unknown", description="Licence of the problems."
    )
    problems: Annotated[int | None, INCIDENTAL] = Field(
        None, gt=0, description="Problems it is known to have; estimates use it until it is loaded."
    )
    redistribute: Annotated[bool, INCIDENTAL] = Field(
        True, description="Whether an archive may hold the problems."
    )
    published: Annotated[Day | None, INCIDENTAL] = Field(
        None,
        description="Day its first problems became public (ISO, `2026-02-06` or `2026-02`); the "
        "report sets it against each model's `cutoff` and `released`.",
    )
    system_prompt: Annotated[str | None, Decides(neutral=None)] = Field(
        None, description="System message for this dataset."
    )
    prompts: Annotated[dict[str, str], INCIDENTAL] = Field(
        default_factory=dict,
        description="Template used instead of a procedure's, by its name; it counts by its text.",
    )
    import_from: Annotated[str | None, INCIDENTAL] = Field(
        None,
        description="`imports` or `archives` entry that holds the problems; it counts by its "
        "own identity.",
    )
    recorded_as: Annotated[str | None, Decides(neutral=None, of="dataset")] = Field(
        None, description="Name of this dataset in the recording or archive."
    )


class Import(Open):
    """Responses recorded elsewhere; keys beyond these belong to the format (its OPTIONS)."""

    format: Annotated[str, Decides(of="import")] = Field(
        description="File in itc/archive/ that reads it."
    )
    file: Annotated[str, Decides(of="import")] = Field(
        description="File below the folder `recordings`, or a pattern (`runs/*.eval`) for several."
    )
    # The files count by their content: what is verified decides nothing.
    sha256: Annotated[str | dict[str, str] | None, INCIDENTAL] = Field(
        None, description="Checksum, verified at import when given; of several files by name."
    )
    credit: Annotated[str, INCIDENTAL] = Field(
        "", description="Whose data this is, shown in the report."
    )
    columns: Annotated[dict[str, str], Decides(neutral={}, of="import")] = Field(
        default_factory=dict,
        description="Our column: theirs, where the names differ; dots reach into objects.",
    )
    exclude: Annotated[list[dict[str, Any]], Decides(neutral=[], of="import")] = Field(
        default_factory=list, description="Rows left out: each a mapping column -> value or list."
    )
    tokenizer: Annotated[str | None, Decides(neutral=None, of="import")] = Field(
        None,
        description="Folder or Hugging Face repository (`name@revision`) of the tokenizer that "
        "counts tokens where the recording tells none.",
    )
    thinking_tokens_apart: Annotated[list[str], Decides(neutral=[], of="import")] = Field(
        default_factory=list,
        description="Recorded models whose output tokens leave the thinking tokens out: added.",
    )


class Archive(Section):
    """A deposit of another study of this workflow, replayed from its own tables."""

    path: str | None = Field(
        None, description="Unpacked folder or tar file; without it the top-level key `archive`."
    )
    sha256: str | None = Field(
        None, description="Checksum of its manifest.json, verified when given."
    )
    credit: str = Field("", description="Whose responses these are.")
