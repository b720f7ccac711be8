"""Where the thinking of an answer lies, in its text and in its tokens.

A token of the thinking is one that begins behind the opening delimiter and ends before the closing
one. Where a delimiter is no token of its own, a token can hold its end and the first characters of
the thinking, or the last characters of the thinking and its beginning: such a token is counted with
the delimiter, so that a cut by thinking tokens never tears a delimiter apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from itc.engines._base import find_thinking_end, subsequence


@dataclass(frozen=True)
class Span:
    """The thinking of one answer: tokens ``start`` to ``stop``, characters ``first`` to ``last``.

    end: offset behind the closing delimiter, None where it never closed. opened: whether the
    opening delimiter is in the text.
    """

    start: int
    stop: int
    first: int
    last: int
    end: int | None
    opened: bool

    @property
    def n_tokens(self) -> int:
        """Tokens inside."""
        return self.stop - self.start


class Tokens:
    """Token ids with the number of characters that the first so many of them make.

    decode: text of ids. head: ids before them, whose text they go on from.
    """

    def __init__(
        self,
        ids: Sequence[int],
        decode: Callable[[list[int]], str],
        head: Sequence[int] = (),
    ) -> None:
        self.ids = list(ids)
        self._decode, self._head = decode, list(head)
        self._before = len(decode(self._head)) if self._head else 0

    def characters(self, count: int) -> int:
        """Characters of the first ``count`` tokens."""
        if count <= 0:
            return 0
        return len(self._decode(self._head + self.ids[:count])) - self._before

    def until(self, offset: int, guess: int = -1) -> int:
        """Most tokens that end at or before character ``offset``. guess: looked at first."""
        last = len(self.ids)
        if (
            guess >= 0
            and self.characters(guess) == offset
            and (guess == last or self.characters(guess + 1) > offset)
        ):
            return guess
        low, high = 0, len(self.ids)
        while low < high:
            middle = (low + high + 1) // 2
            if self.characters(middle) <= offset:
                low = middle
            else:
                high = middle - 1
        return low

    def beyond(self, offset: int, guess: int = -1) -> int:
        """Index of the first token that begins at or behind character ``offset``."""
        if guess > 0 and self.characters(guess) == offset > self.characters(guess - 1):
            return guess
        low, high = 0, len(self.ids)
        while low < high:
            middle = (low + high) // 2
            if self.characters(middle) < offset:
                low = middle + 1
            else:
                high = middle
        return low


def find(
    text: str,
    tokens: Tokens,
    is_open: bool,
    pair: tuple[str, str] | None,
    encoded: tuple[Sequence[int], Sequence[int]] = ((), ()),
) -> Span | None:
    """The thinking in ``text``, whose tokens are ``tokens``; None where there is none.

    is_open: whether it was open before the text began. encoded: token ids of the two delimiters,
    which are where to look first.
    """
    if pair is None:
        return None
    end = find_thinking_end(text, is_open, pair)
    found = -1 if is_open else text.find(pair[0], 0, None if end is None else end - len(pair[1]))
    if end is None and not is_open and found < 0:
        return None
    first = found + len(pair[0]) if found >= 0 else 0
    last = len(text) if end is None else end - len(pair[1])
    start = 0
    if first:
        place = subsequence(tokens.ids, encoded[0])
        start = tokens.beyond(first, place + len(encoded[0]) if place >= 0 else -1)
    guess = len(tokens.ids) if end is None else subsequence(tokens.ids, encoded[1], start)
    stop = tokens.until(last, guess)
    return Span(min(start, stop), stop, first, last, end, found >= 0)
