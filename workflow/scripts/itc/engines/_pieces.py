"""Token ids of the pieces of an answer's beginning: texts, and cuts of earlier outputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from itc.engines._base import Cut
from itc.engines._thinking import Span, Tokens, find


class Pieces:
    """Encodes and cuts with one tokenizer.

    thinking: delimiters, or None. stops: token ids that end an answer, as the model's generation
    config lists them; without them all special tokens of the tokenizer count.
    """

    def __init__(
        self, tokenizer: Any, thinking: tuple[str, str] | None, stops: Iterable[int] = ()
    ) -> None:
        self._tokenizer, self._pair = tokenizer, thinking
        self.stops = frozenset(stops) or frozenset(getattr(tokenizer, "all_special_ids", ()) or ())
        if (eos := getattr(tokenizer, "eos_token_id", None)) is not None:
            self.stops |= {eos}
        # SentencePiece-like tokenizers put a space before a text, wherever it is to be written.
        self._spaces = self.encode("a")[:1] != self.encode("\na")[-1:]
        self._encoded = tuple(self.encode(d) for d in thinking) if thinking else ([], [])

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text`` by itself, without any added special tokens."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: list[int]) -> str:
        """Text of ``ids`` with special tokens shown; never holds a lone surrogate."""
        text = self._tokenizer.decode(ids, skip_special_tokens=False)
        return str(text.encode("utf-8", "replace").decode("utf-8"))

    def inner(self, text: str) -> list[int]:
        """Token ids of ``text`` as they are within a longer text."""
        for before in ("\n", "x", ".") if self._spaces else ():
            head = self.encode(before)
            whole = self.encode(before + text)
            if whole[: len(head)] == head:  # else it merged with what comes before
                return whole[len(head) :]
        return self.encode(text)

    def text(self, text: str) -> list[int]:
        """Token ids of a text that the model goes on from.

        White space at its end is tokenised as before a word, which is what follows: GPT-2-like
        pre-tokenisers make one token of two line breaks at the end of a text, two before a word.
        """
        if text and text[-1].isspace():
            ids = self.inner(text + "x")
            if len(ids) > 1 and ids[-1:] == self.inner("x"):
                return ids[:-1]
        return self.inner(text)

    def span(self, text: str, tokens: Tokens, is_open: bool) -> Span | None:
        """The thinking in ``text``, see ``_thinking.find``."""
        return find(text, tokens, is_open, self._pair, (self._encoded[0], self._encoded[1]))

    def cut(self, part: Cut, is_open: bool) -> tuple[list[int], bool, str]:
        """The token ids that a cut keeps.

        is_open: whether the prompt left a thinking open. The second value says whether they end in
        a thinking that has no opening delimiter; the third is white space before the answer that
        the model wrote as part of the answer's first token, and is left out.
        """
        ids = list(part.ids)
        if ids and ids[-1] in self.stops:
            ids = ids[:-1]
        if part.thinking_tokens is None and part.until == "end" and part.characters is None:
            return ids, False, ""
        text, tokens = self.decode(ids), Tokens(ids, self.decode)
        if part.characters is not None and part.characters < len(text):
            kept = tokens.until(part.characters)
            ids = ids[:kept] + self._between(text, tokens, kept, part.characters)
            text, tokens = text[: part.characters], Tokens(ids, self.decode)
        if part.thinking_tokens is None and part.until == "end":
            return ids, False, ""
        span = self.span(text, tokens, is_open)
        silent = span is not None and not span.opened
        if part.thinking_tokens is not None:
            if span is None:
                return ids[: part.thinking_tokens], False, ""
            kept = min(span.start + part.thinking_tokens, span.stop)
            # What is missing: one token can hold the ends of both delimiters, as in "<think></".
            return ids[:kept] + self._between(text, tokens, kept, span.first), silent, ""
        if part.until == "thinking":
            last = span.last if span else len(text)
            kept = tokens.until(last)
            # What remains: one token can hold the thinking's end and the delimiter's beginning.
            return ids[:kept] + self._between(text, tokens, kept, last), silent, ""
        end = span.end if span and span.end is not None else 0
        word = len(text) - len(text[end:].lstrip())
        kept = tokens.until(word)
        place = tokens.characters(kept)
        if place < end:  # one token holds the end of the delimiter and the beginning of the answer
            return ids[:kept] + self.text(text[place:word]), False, ""
        return ids[:kept], False, text[place:word]

    def _between(self, text: str, tokens: Tokens, kept: int, offset: int) -> list[int]:
        """Token ids of what lies between the first ``kept`` tokens and a character, if anything."""
        rest = text[tokens.characters(kept) : offset]
        return self.inner(rest) if rest else []


def stop_ids(where: str, **options: Any) -> list[int]:
    """Token ids that end an answer: the list of a model's generation config, or of its config.

    where: folder or repository. options: of ``from_pretrained``. Empty where neither says any.
    """
    from transformers import AutoConfig, GenerationConfig

    for source in (GenerationConfig, AutoConfig):
        try:
            found = source.from_pretrained(where, **options)
        except (OSError, ValueError):
            continue
        listed = getattr(found, "eos_token_id", None)
        if listed is None and hasattr(found, "get_text_config"):
            listed = getattr(found.get_text_config(), "eos_token_id", None)
        if listed is not None:
            return [int(i) for i in (listed if isinstance(listed, list | tuple) else [listed])]
    return []
