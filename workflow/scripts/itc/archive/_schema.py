"""The common recording schema: the fields that every reader yields, one dict per response."""

from __future__ import annotations

NEEDED = ("dataset", "problem_id", "model", "sample_index")

# All but NEEDED may be null or absent: what a source does not say stays unknown.
FIELDS = (
    *NEEDED,
    "source",
    "question",
    "gold",  # a text, or a list of which each entry is right
    "choices",  # texts of a multiple choice, in the order of its letters
    "response_text",
    "thinking_text",  # thinking that the source keeps apart from the response
    "finish_reason",
    "n_prompt_tokens",
    "n_output_tokens",
    "n_thinking_tokens",
    "correct",  # the source's own grade: true, false, or a share between 0 and 1
    "grader",  # who gave that grade
    "source_extracted_answer",
    "extra",  # object: settings and facts of this draw
)
