"""What the engine recorded of a response: truncation, log-probabilities, entropy, confidence.

``f_truncated`` 1 where the token cap cut the response; ``f_mean_logprob`` natural log-probability
per output token; ``f_mean_entropy`` nats per token; ``f_confidence_*`` the summaries of DeepConf
(Fu et al. 2025, arXiv 2508.15260), see table ``responses``. Missing where the engine or the source
recorded nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.features._text import floats

TITLE = "Confidence of the model"
NEEDS = (
    "finish_reason",
    "n_output_tokens",
    "cumulative_logprob",
    "mean_entropy",
    "confidence_mean",
    "confidence_tail",
    "confidence_lowest",
    "confidence_bottom10",
)
COLUMNS = (
    "f_truncated",
    "f_mean_logprob",
    "f_mean_entropy",
    "f_confidence_mean",
    "f_confidence_tail",
    "f_confidence_lowest",
    "f_confidence_bottom10",
)


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Float columns COLUMNS, index of ``responses``."""
    if "finish_reason" in responses:
        reason = responses["finish_reason"]
        truncated = np.where(
            reason.isna(), np.nan, (reason == "length").to_numpy(float, na_value=0)
        )
    else:
        truncated = np.full(len(responses), np.nan)
    tokens = floats(responses, "n_output_tokens")
    values = {
        "f_truncated": truncated,
        "f_mean_logprob": floats(responses, "cumulative_logprob")
        / np.where(tokens > 0, tokens, np.nan),
    }
    for column in COLUMNS[2:]:
        values[column] = floats(responses, column.removeprefix("f_"))
    return pd.DataFrame(values, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
