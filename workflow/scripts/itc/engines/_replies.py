"""Read what a server answered: which replies are none, and what a chat reply holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from itc.engines._base import find_thinking_end

Candidates = list[tuple[str, float]]  # texts of tokens with their log-probs, likeliest first

# Words of other servers for the two ways an answer ends.
_REASONS = {
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
}
# The server gave up on the request: what came is no answer, and is asked for again.
_GIVEN_UP = {"", "abort", "error", "cancelled", "insufficient_system_resource", "repetition"}


def reason_of(choice: dict[str, Any]) -> str:
    """Why an answer ended, in vLLM's words where they say the same."""
    found = str(choice.get("finish_reason") or "")
    return _REASONS.get(found.lower(), found)


def fault(body: Any) -> str | None:
    """What makes a body none of an answer, or None."""
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "no answer in it (no choices)"
    choice = choices[0]
    if choice.get("error"):
        return f"an error in its answer: {choice['error']}"
    if not isinstance(choice.get("message"), dict) and not isinstance(choice.get("text"), str):
        return "an answer without text"
    if reason_of(choice).lower() in _GIVEN_UP:
        return f"an answer that ended with {choice.get('finish_reason')!r}"
    return None


@dataclass(frozen=True)
class Reply:
    """A chat reply: text with the thinking between its delimiters, where it ends, its tokens."""

    text: str
    thinking_end: int | None
    n_thinking_tokens: int | None
    n_output_tokens: int


def read_chat(
    body: dict[str, Any], pair: tuple[str, str] | None, is_open: bool | None, thinks: bool
) -> Reply:
    """The reply in the body of a chat end point.

    pair: delimiters. is_open: whether the template opened the thinking, None where that is unknown.
    thinks: whether the model is asked to think. A thinking that never closed counts all output
    tokens (1 where the server counts none), so that it is never taken for an answer; so does an
    answer without delimiters that was cut off, where the template may have opened the thinking.
    Thinking that the server keeps to itself is counted, and nothing of the text belongs to it.
    """
    choice, usage = body["choices"][0], body.get("usage") or {}
    message = choice["message"]
    output = int(usage.get("completion_tokens") or 0)
    hidden = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
    text = _utf8(message.get("content"))
    # Servers that split the thinking off call it one or the other.
    thought = _utf8(message.get("reasoning_content") or message.get("reasoning"))
    if thought and pair:
        head = f"{pair[0]}{thought}"
        if not text:
            return Reply(head, None, output or hidden or 1, output)
        head += pair[1]
        return Reply(head + text, len(head), hidden, output)
    end = find_thinking_end(text, bool(is_open), pair)
    if end is not None:
        return Reply(text, end, hidden, output)
    # A server that counts thinking takes it out of the text: what is left is no thinking.
    if pair and (pair[0] in text or (is_open and hidden is None)):
        return Reply(text, None, output or 1, output)
    if hidden:
        return Reply(text, 0 if text else None, hidden, output)
    unknown = thinks and is_open is None and hidden is None and not thought
    if pair and unknown and reason_of(choice) == "length":
        return Reply(text, None, output or 1, output)
    return Reply(text, None, 0, output)


def choice_logprobs(
    words: tuple[str, ...], written: str, candidates: Candidates
) -> tuple[str, dict[str, float]]:
    """The word written and ``choice:WORD`` -> log-probability, by the texts of candidate tokens.

    A word is the token that reads exactly like it, else but for white space around it, else the
    likeliest token that is its beginning. A word beyond the candidates counts as likely as the last
    of them; where neither is among them nothing is known. A server that wrote something else is
    taken to have written the likelier word.
    """
    found: dict[str, float] = {}
    for word in words:
        for exact in (0, 1, 2):
            fitting = [value for token, value in candidates if _reads(token, word) <= exact]
            if fitting:
                found[word] = max(fitting)
                break
    if not found:
        return written, {}
    least = min(value for _, value in candidates)
    values = {word: found.get(word, least) for word in words}
    shown = written.strip()
    if not shown or not any(word.startswith(shown) for word in words):
        written = max(words, key=lambda word: values[word])
    return written, {f"choice:{word}": round(value, 6) for word, value in values.items()}


def _reads(token: str, word: str) -> int:
    """How a token reads like a word: 0 the same, 1 but for white space, 2 its beginning, 3 not."""
    shown = token.strip()
    if token == word:
        return 0
    if shown == word:
        return 1
    return 2 if shown and word.startswith(shown) else 3


def _utf8(text: Any) -> str:
    return str(text or "").encode("utf-8", "replace").decode("utf-8")
