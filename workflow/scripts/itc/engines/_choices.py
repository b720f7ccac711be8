"""The probability of each of a few words at one place of an answer, also of several tokens.

The probability that a model writes a word is that of its first token, times that of its second
token after the first, and so on. So each place where a word goes on is one call for one token:
words of one token share one call, and each further token of a word is one more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from itc.engines._base import Completion, EngineError
from itc.engines._logprobs import FLOOR

Place = tuple[int, ...]  # tokens of a word that come before


class Choices:
    """Words at one place, token by token.

    words: as configured. ids: token ids of each at this place. Raises EngineError where two words
    begin with the same token, so that the token written would not tell them apart.
    """

    def __init__(self, words: Sequence[str], ids: Sequence[Sequence[int]]) -> None:
        self.words = tuple(words)
        self._ids = {w: tuple(tokens) for w, tokens in zip(words, ids, strict=True)}
        self.first = [ids[0] for ids in self._ids.values()]
        if len(set(self.first)) < len(self.words):
            raise EngineError(
                f"choices {list(words)} begin with the same token of this model's vocabulary; "
                f"choose words that differ in their first token"
            )

    def places(self) -> dict[Place, list[int]]:
        """Each place where a word goes on, and the tokens wanted there; () comes first."""
        found: dict[Place, list[int]] = {(): list(self.first)}
        for ids in self._ids.values():
            for number in range(1, len(ids)):
                found.setdefault(ids[:number], []).append(ids[number])
        return found

    def logprobs(self, known: Mapping[Place, Mapping[int, float]]) -> dict[str, float]:
        """``choice:WORD`` -> log-probability in nats, from those of the tokens of each place."""
        return {
            f"choice:{word}": round(
                max(sum(known[ids[:i]][token] for i, token in enumerate(ids)), FLOOR), 6
            )
            for word, ids in self._ids.items()
        }


@dataclass
class Decision:
    """The calls of one request for a choice of words, until all of them have come back."""

    choices: Choices
    known: dict[Place, dict[int, float]] = field(default_factory=dict)
    written: Completion | None = None  # of the call that writes a word's first token

    def completion(self) -> Completion | None:
        """The answer with the log-probs of all words, or None while something is awaited."""
        if self.written is None or len(self.known) < len(self.choices.places()):
            return None
        self.written.logprobs = self.choices.logprobs(self.known)
        return self.written
