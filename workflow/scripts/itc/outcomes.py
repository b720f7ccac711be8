"""Join grades, features and token counts of one dataset and model, and form answer classes.

The outcome table holds no text; every strategy, curve and regression reads only this.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from itc.grading._classes import classify
from itc.schemas import LOGPROBS, RESPONSE_KEY

PLATFORM = ["engine", "engine_version", "dtype", "gpu", "tensor_parallel"]
RESPONSE_COLUMNS = (
    *RESPONSE_KEY,
    "response_id",
    "parents",
    "n_prompt_tokens",
    "n_output_tokens",
    "n_thinking_tokens",
    "finish_reason",
    *LOGPROBS,
    *PLATFORM,
    "source_answer",
    "source_correct",
    "condition",
)


class MixedPlatformError(ValueError):
    """Responses of different engines or devices would be pooled silently."""


def platforms(responses: pd.DataFrame) -> pd.Series:
    """In words, where each response was made: engine, version, type, device, tensor parallel."""
    known = responses[PLATFORM].drop_duplicates()
    words = [
        ", ".join(
            f"{name.replace('_', ' ')} {value}"
            for name, value in zip(PLATFORM, row, strict=True)
            if pd.notna(value)
        )
        for row in known.itertuples(index=False)
    ]
    names = known.assign(platform=words)
    joined = responses[PLATFORM].merge(names, on=PLATFORM, how="left")
    return joined["platform"].set_axis(responses.index)


def build_outcomes(
    problems: pd.DataFrame,
    responses: pd.DataFrame,
    annotations: pd.DataFrame,
    cache: Path | str | None = None,
    mixed_platforms: bool = False,
) -> pd.DataFrame:
    """Return table ``outcomes`` (one row per response) of one dataset and model.

    ``problems`` is table ``datasets``, ``responses`` needs RESPONSE_COLUMNS, ``annotations`` is the
    table of the same responses, ``cache`` a folder that keeps symbolic results. Raises
    MixedPlatformError where one procedure's draws come from different engines, versions, types or
    devices unless ``mixed_platforms`` allows it, and ValueError where the two tables disagree.
    """
    platform = platforms(responses)
    for procedure, found in platform.groupby(responses["procedure"]).unique().items():
        if len(found) > 1 and not mixed_platforms:
            raise MixedPlatformError(
                f"{procedure}: draws of different platforms: {'; '.join(sorted(found))}. Generate "
                "all of them on one, give each its own model entry, or set study.mixed_platforms: "
                "true and let the report tell"
            )
    joined = (
        responses[list(RESPONSE_COLUMNS)]
        .drop(columns=PLATFORM)
        .assign(platform=platform)
        .merge(
            annotations.drop(
                columns=["dataset", "model", "procedure", "problem_id", "draw", "round"]
            ),
            on="response_id",
            how="outer",
            validate="one_to_one",
            indicator=True,
        )
    )
    if (joined["_merge"] != "both").any():
        raise ValueError(
            f"{int((joined['_merge'] != 'both').sum())} responses and annotations do not match; "
            "delete the annotation files of this model and run again"
        )
    joined = joined.drop(columns="_merge").merge(
        problems[["problem_id", "gold", "answer_type", "subject", "difficulty", "metadata"]],
        on="problem_id",
        how="left",
        validate="many_to_one",
    )
    found = classify(joined, problems, cache=cache)
    joined["answer_class"] = found.ids.astype("int32")
    joined["class_conflict"] = found.conflict
    for name, kind in (("asymmetric_pairs", "symmetry"), ("intransitive_pairs", "transitivity")):
        failed = found.violations.loc[found.violations["kind"] == kind, "problem_id"]
        counts = joined["problem_id"].map(failed.value_counts())
        joined[name] = counts.fillna(0).astype("int32")
    reason = joined["finish_reason"]
    joined["truncated"] = (reason == "length").astype("boolean").mask(reason.isna())
    return joined.drop(columns=["gold", "answer_type", "metadata", "normal_form"])
