"""What every table that crosses a stage border holds: columns, types, key, version.

Tables of the stages stand here; an analysis registers its own. ``tables`` checks them at each write
and each read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

STRING, TEXT, BOOL = pa.string(), pa.large_string(), pa.bool_()
INT, LONG, FLOAT = pa.int32(), pa.int64(), pa.float64()

CELL = {"dataset": STRING, "model": STRING}
RESPONSE_KEY = {
    **CELL,
    "procedure": STRING,  # name of the procedure entry in the config
    "problem_id": STRING,
    "draw": INT,  # index of the independent chain below this response
    "round": INT,  # the procedure's own axis: revision round, judge vote, token budget, waits
}
TOKENS = {
    "n_prompt_tokens": INT,
    "n_output_tokens": INT,
    "n_thinking_tokens": INT,
    "finish_reason": STRING,  # stop | length | ... ; null when unknown
}
LOGPROBS = {
    "cumulative_logprob": FLOAT,
    "mean_entropy": FLOAT,  # nats, over the recorded top-k
    "confidence_mean": FLOAT,  # DeepConf: minus mean log-prob of the top-k, averaged over tokens
    "confidence_tail": FLOAT,
    "confidence_lowest": FLOAT,
    "confidence_bottom10": FLOAT,
}


@dataclass(frozen=True)
class Schema:
    """Columns (name -> arrow type) of one table, its sort key, and prefixes of open columns.

    ``recorded`` tables hold what was sampled or fetched once: files of an earlier version, or
    without a column that came later, stay readable, and what they lack is missing. Every other
    table is made again by its rule.
    """

    name: str
    version: int
    columns: dict[str, pa.DataType]
    key: tuple[str, ...]
    required: tuple[str, ...] = ()  # may never be null, beside the key
    open_prefixes: tuple[str, ...] = ()  # further float columns allowed under these prefixes
    recorded: bool = False

    def kind(self, column: str) -> pa.DataType | None:
        """Type of a column; None where the table may not hold it."""
        if column in self.columns:
            return self.columns[column]
        return FLOAT if column.startswith(self.open_prefixes or ("\0",)) else None

    def lacks(self, columns: Iterable[str]) -> list[str]:
        """Columns without which a file of this table cannot be read."""
        needed = (*self.key, *self.required) if self.recorded else self.columns
        return [name for name in needed if name not in columns]

    @property
    def mend(self) -> str:
        """What to do about a file of this table that cannot be read."""
        if self.name == "responses":
            return (
                "put back a good copy of it; only where it was sampled here and its journal is "
                "there, delete it: its rule writes it again from the journal and asks no model"
            )
        return "delete the file and let its rule remake it"


SCHEMAS = {
    s.name: s
    for s in (
        Schema(
            "datasets",
            1,
            {
                "problem_id": STRING,
                "question": TEXT,  # null only where an archive withholds it
                "gold": TEXT,
                "answer_type": STRING,
                "subject": STRING,
                "difficulty": FLOAT,
                "source": STRING,
                "licence": STRING,
                "metadata": TEXT,  # JSON object, whatever the grader of this type needs
            },
            ("problem_id",),
            ("answer_type",),
            recorded=True,
        ),
        Schema(
            "responses",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "parents": pa.list_(STRING),
                "prompt_sha256": STRING,
                "text": TEXT,
                "thinking_end": INT,  # offset in text just behind the closing delimiter
                "thinking_unclear": BOOL,  # imports only: no delimiter; thinking or answer
                **TOKENS,
                "token_ids": pa.list_(INT),
                **LOGPROBS,
                "seed": LONG,
                "engine": STRING,
                "engine_version": STRING,
                "dtype": STRING,
                "gpu": STRING,
                "tensor_parallel": INT,
                "engine_settings": STRING,  # JSON of batch sizes and the like
                "source_answer": TEXT,  # imports only: the source's own extraction and grade
                "source_correct": BOOL,
                "source_score": FLOAT,  # imports only: the source's grade as a share
                "source_grader": STRING,  # imports only: who gave the grade
                "condition": STRING,  # imports only: JSON of settings that differ between draws
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("response_id",),
            recorded=True,
        ),
        Schema(
            "annotations",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "answer": TEXT,  # as extracted
                "answer_how": STRING,  # a rule of docs/grading.md: boxed, phrase, tag, json, ...
                "normal_form": TEXT,
                "verdict": STRING,  # right | wrong | undecided
                "cause": STRING,  # why undecided
                "score": FLOAT,  # judge score, or the task's own partial credit
                "read": BOOL,  # judgements and selections: the score or choice could be read
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("response_id", "answer_how", "verdict"),
            ("f_",),
        ),
        Schema(
            "outcomes",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "parents": pa.list_(STRING),
                "answer": TEXT,
                "answer_how": STRING,
                "answer_class": INT,  # within problem; -1 = no answer
                "class_conflict": BOOL,  # in a pair where the relation was no equivalence
                "asymmetric_pairs": INT,  # pairs of the problem's answers, the model's whole pool
                "intransitive_pairs": INT,
                "verdict": STRING,
                "cause": STRING,
                "score": FLOAT,
                "read": BOOL,
                **TOKENS,
                **LOGPROBS,
                "truncated": BOOL,  # cut at the token cap; null when unknown
                "platform": STRING,  # engine, version, type, device, tensor-parallel size
                "source_answer": TEXT,
                "source_correct": BOOL,
                "condition": STRING,
                "subject": STRING,
                "difficulty": FLOAT,
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("answer_class", "verdict"),
            ("f_",),
        ),
        Schema(
            "evaluations",
            2,
            {
                **CELL,
                "strategy": STRING,
                "problem_id": STRING,
                "budget": INT,  # number of draws (or the strategy's own axis)
                "correct": FLOAT,  # expected share right, undecided counted as wrong
                "undecided": FLOAT,  # share of the responses behind it that are undecided
                "correct_if_undecided_wrong": FLOAT,  # ends of the interval that undecided answers
                "correct_if_undecided_right": FLOAT,  # imply, their votes moved as well
                "monte_carlo_se": FLOAT,  # 0 for exact estimators
                "monte_carlo_se_tokens": FLOAT,  # of cost_output_tokens; 0 where that is exact
                "n_draws": INT,
                "correct_even": FLOAT,  # ``correct`` by either half of the draws, which share none;
                "correct_odd": FLOAT,  # null above half of the draws and for inexact strategies
            },
            ("dataset", "model", "strategy", "problem_id", "budget"),
            ("correct",),
            ("cost_", "metric_"),
        ),
    )
}


def register(schema: Schema) -> Schema:
    """Add the schema of an analysis table; its module calls this once at import."""
    SCHEMAS[schema.name] = schema
    return schema
