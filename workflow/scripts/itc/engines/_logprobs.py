"""Summaries of token log-probs, computed while a response is streamed; no array of all is kept.

Confidence as in DeepConf (Fu et al. 2025, arXiv 2508.15260): the confidence of a token is minus
the mean log-prob of the top-k candidates, that of a group is its mean over a sliding window.
"""

from __future__ import annotations

from array import array

import numpy as np

FLOOR = -1e4  # stands for minus infinity, the log-prob of a masked token: JSON has no infinity
_BLOCK = 256  # tokens folded at a time: two floats per token stay


class Summary:
    """Collects the candidates of each token of one response and sums them up.

    k: number of top candidates. window: tokens of a group.
    """

    def __init__(self, k: int, window: int = 2048) -> None:
        self.k = k
        self.window = max(1, window)
        self._pending = array("d")  # rows of k top log-probs, largest first
        self._confidence: list[np.ndarray] = []
        self._entropy: list[np.ndarray] = []
        self.cumulative = 0.0
        self.count = 0  # tokens

    def add(self, chosen: float, top: list[float]) -> None:
        """One token: log-prob of the sampled token and of the k most likely ones, in nats.

        Fewer than k (a tiny vocabulary) are filled with the smallest one; more are cut.
        """
        self.cumulative += max(chosen, FLOOR)
        self.count += 1
        if len(top) != self.k:
            top = (top + [top[-1] if top else chosen] * self.k)[: self.k]
        self._pending.extend(top)
        if len(self._pending) >= _BLOCK * self.k:
            self._fold()

    def _fold(self) -> None:
        if not self._pending:
            return
        rows = np.frombuffer(self._pending, dtype=np.float64).reshape(-1, self.k)
        rows = np.maximum(rows, FLOOR)
        self._confidence.append(-rows.mean(axis=1))
        weights = np.exp(rows)
        weights /= weights.sum(axis=1, keepdims=True)
        self._entropy.append(-(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1))
        self._pending = array("d")

    def result(self) -> dict[str, float]:
        """Values for the columns schemas.LOGPROBS, rounded to 6 decimals; empty without tokens.

        mean_entropy: entropy in nats of the top-k candidates, renormalised, averaged over tokens.
        confidence_tail: mean over the last ``window`` tokens; confidence_lowest: the lowest group;
        confidence_bottom10: mean of the lowest tenth of groups. A response shorter than the window
        is one group.
        """
        self._fold()
        if not self._confidence:
            return {}
        confidence = np.concatenate(self._confidence)
        entropy = np.concatenate(self._entropy)
        size = min(self.window, len(confidence))
        running = np.concatenate(([0.0], np.cumsum(confidence)))
        groups = (running[size:] - running[:-size]) / size
        lowest = np.sort(groups)[: max(1, len(groups) // 10)]
        values = {
            "cumulative_logprob": self.cumulative,
            "mean_entropy": float(entropy.mean()),
            "confidence_mean": float(confidence.mean()),
            "confidence_tail": float(confidence[-size:].mean()),
            "confidence_lowest": float(groups.min()),
            "confidence_bottom10": float(lowest.mean()),
        }
        return {name: round(value, 6) for name, value in values.items()}
