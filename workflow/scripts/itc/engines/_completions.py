"""What is asked of a served model beside its answers: tokenizer, log-probs, words, template."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from itc.config.model import Model
from itc.engines._base import Completion, Params, left_open
from itc.engines._choices import Choices, Place
from itc.engines._http import Facts, Server
from itc.engines._logprobs import FLOOR, Summary
from itc.engines._pieces import stop_ids
from itc.engines._pool import Pool
from itc.engines._prompt import Prompt, Prompter
from itc.engines._replies import Candidates, reason_of

CANDIDATES = 20  # most a server gives per token

Post = Callable[[dict[str, Any]], dict[str, Any] | None]  # further keys of a request -> answer

NO_PREFIX = (
    "this procedure goes on from what the model wrote before, token by token, which a chat server "
    "does not take; set `engine_options: {tokenizer: ...}` of the model if it is a vLLM server, or "
    "leave the procedure out (a judge of a model that thinks: use `scale: score`)"
)


def prompter(model: Model, tokenizer: str | None, facts: Facts) -> Prompter | None:
    """The prompter of a server's model; None without the option ``tokenizer``."""
    if not tokenizer:
        return None
    from transformers import AutoTokenizer

    options = {"revision": model.revision, "trust_remote_code": model.trust_remote_code}
    found = AutoTokenizer.from_pretrained(tokenizer, **options)
    windows = [w for w in (model.max_model_len, facts.window) if w]
    if len(windows) == 2 and windows[1] < windows[0]:
        print(
            f"{model.base_url} serves {model.model} with a window of {windows[1]} tokens, less "
            f"than max_model_len {windows[0]}: longer answers end there",
            file=sys.stderr,
            flush=True,
        )
    stops = stop_ids(tokenizer, **options)
    return Prompter.of(model, found, min(windows, default=1 << 30), stops)


def read_completion(
    key: str, body: dict[str, Any], prompt: Prompt, prompter: Prompter, *, stops: bool
) -> Completion:
    """The completion in a body. stops: whether texts were given at which the answer ends.

    A server that gives no token ids has none recorded, since those of its text tokenised anew can
    be others than it wrote; nothing then goes on from them.
    """
    choice = body["choices"][0]
    told, reason = choice.get("token_ids"), reason_of(choice)
    text = str(choice["text"]).encode("utf-8", "replace").decode("utf-8")
    if not told and text:
        ids = prompter.encode(text)
        done = prompter.finish(key, prompt, ids, reason, text, ended=False)
        count = (body.get("usage") or {}).get("completion_tokens")
        done.token_ids, done.n_output_tokens = [], int(count or len(ids))
        return done
    ids = list(told or [])
    by_token = reason == "stop" and bool(ids) and not isinstance(choice.get("stop_reason"), str)
    # Where a text may have ended the answer, the server's own text leaves it out.
    return prompter.finish(key, prompt, ids, reason, text if stops else None, ended=by_token)


def decide(
    choices: Choices, ids: list[int], prompter: Prompter, post: Post
) -> tuple[dict[str, Any] | None, dict[str, float]]:
    """Ask for one of few words behind ``ids``: the choice written, and the words' log-probs.

    The choice is None where the server's window is too small; there are no log-probs where the
    server gives none.
    """
    known: dict[Place, dict[int, float]] = {}
    written: dict[str, Any] | None = None
    places = choices.places()
    for place, wanted in places.items():
        answer = post(
            {
                "prompt": [*ids, *place],
                # Not logprob_token_ids: one such request replaces those of its whole batch.
                "allowed_token_ids": wanted,
                "logprobs": CANDIDATES,
                "return_tokens_as_token_ids": True,
            }
        )
        if answer is None:
            return None, {}
        _, tops = logprobs_of(answer["choices"][0])
        known[place] = _by_id(tops[0] if tops else [], wanted, prompter)
        for token in set(wanted) - set(known[place]):
            # Not among the candidates: its log-prob as the last token of a prompt is exact as well.
            more = post({"prompt": [*ids, *place, token], "prompt_logprobs": 0})
            told = (more["choices"][0].get("prompt_logprobs") or [None])[-1] if more else None
            value = (told or {}).get(str(token)) or {}
            if "logprob" in value:
                known[place][token] = max(value["logprob"], FLOOR)
        written = written or answer["choices"][0]
    whole = all(set(wanted) <= set(known[place]) for place, wanted in places.items())
    return written, choices.logprobs(known) if whole else {}


def logprobs_of(choice: dict[str, Any]) -> tuple[list[float], list[Candidates]]:
    """Of each token: its own log-prob, and its candidates with theirs, likeliest first."""
    found = choice.get("logprobs") or {}
    tops = [sorted(t.items(), key=lambda i: -i[1]) for t in found.get("top_logprobs") or []]
    return found.get("token_logprobs") or [], tops


def _by_id(candidates: Candidates, wanted: list[int], prompter: Prompter) -> dict[int, float]:
    """Log-probs of wanted tokens; candidates are named ``token_id:N``, by older servers by text."""
    named = {f"token_id:{token}": token for token in wanted}
    if not any(name.startswith("token_id:") for name, _ in candidates):
        named = {prompter.decode([token]): token for token in wanted}
    return {named[n]: max(value, FLOOR) for n, value in candidates if n in named}


def summary(params: Params, chosen: list[float], tops: list[Candidates]) -> dict[str, float]:
    """Summaries of a response's log-probs; chosen: of its tokens, tops: their candidates."""
    if not params.logprobs or not chosen or params.choices or len(chosen) != len(tops):
        return {}
    found = Summary(params.logprobs, params.confidence_window)
    for value, top in zip(chosen, tops, strict=False):
        found.add(value, [v for _, v in top][: params.logprobs])
    return found.result()


def render(
    server: Server | Pool, model: str, body: dict[str, Any], generation: bool = True
) -> str | None:
    """The prompt that a vLLM server makes of a chat request; None where it does not say."""
    variables = body.get("chat_template_kwargs")
    options = {"chat_template_kwargs": variables} if variables else {}
    return server.render(model, body["messages"], add_generation_prompt=generation, **options)


def opens_thinking(
    server: Server | Pool, model: str, body: dict[str, Any], pair: tuple[str, str]
) -> bool | None:
    """Whether a vLLM server's chat template opens the thinking; None where it does not say."""
    text, before = (render(server, model, body, generation) for generation in (True, False))
    if text is None or before is None or not text.startswith(before):
        return None
    return left_open(text[len(before) :], pair)
