"""Ask an HTTP server for JSON: retries with back-off, and a key that appears nowhere."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from itc.engines._base import EngineError
from itc.engines._secret import Secret

RETRIED = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_SHOWN = 300  # characters of a refusal that are shown
_READ = 100_000  # characters of a refusal that are looked through for the key
_LONGEST_PAUSE = 60.0  # seconds between two tries
_REFUSED_FOR_LENGTH = {400, 413, 422}
LIMITS = ("max_tokens", "max_completion_tokens")  # keys that cap the output tokens

# A prompt over the window, in the words of vLLM, OpenAI, SGLang, llama.cpp, TGI, Anthropic, Google
# and Mistral.
_TOO_LONG = re.compile(
    r"context.?length|context.?size|context.?window|(prompt|input) is too long|input token count|"
    r"must have less than \d+ tokens|longer than the model's|too large for model",
    re.IGNORECASE,
)
# The prompt fits, the tokens asked for do not: the window, and the prompt's tokens where given.
_ROOM = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"context length is (\d+).*?\((\d+) in the (?:messages|prompt)",
        r"context length is (\d+).*?output tokens and your prompt contains (?:at least )?(\d+)",
        r"context length is (\d+).*?request has (\d+) input tokens",
        r"must be <= (\d+)\. Given: (\d+) `inputs` tokens",
        r"max_(?:completion_)?tokens=\d+ cannot be greater than max_model_len=(\d+)()",
    )
)


@dataclass(frozen=True)
class Facts:
    """What a server says of itself: program (``vllm``, ``sglang``, ..., empty where it does not
    say), version, and window of the model in tokens."""

    program: str = ""
    version: str = "unknown"
    window: int | None = None


class NoAnswerError(EngineError):
    """A server gave no answer in all its tries; ``rest``: seconds it asked to be left alone."""

    rest = 0.0


class Server:
    """One server and how patiently it is asked.

    secret: API key, empty for none. tries: of one request. pause: seconds before the second try,
    doubled each time. timeout: seconds of one try, where the request does not say. connections:
    open at once.
    """

    def __init__(
        self,
        base_url: str,
        secret: str,
        *,
        tries: int = 8,
        pause: float = 1.0,
        timeout: float = 600.0,
        connections: int = 64,
    ) -> None:
        self._secret, self._tries, self._pause = Secret(secret), tries, pause
        self._closing, self._timeout = False, timeout
        self._base = base_url.rstrip("/")
        self._client = httpx.Client(
            base_url=self._base,
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
            timeout=httpx.Timeout(timeout, connect=30),
            limits=httpx.Limits(max_connections=connections),
        )

    def close(self) -> None:
        """Drop what is in flight."""
        self._closing = True
        self._client.close()

    def post(
        self,
        path: str,
        body: dict[str, Any],
        fault: Callable[[Any], str | None] = lambda answer: None,
        timeout: float | None = None,
    ) -> dict[str, Any] | None:
        """The server's answer, after retries; None for a prompt that is longer than its window.

        fault: says what makes an answer of status 200 none, and it is asked for again. Raises
        EngineError where the server refuses, or gives no answer in all tries.
        """
        said, url, rest = "nothing", self._base + path, 0.0
        patience = httpx.Timeout(timeout or self._timeout, connect=30)
        for number in range(self._tries):
            if number:
                pause = min(self._pause * 2 ** (number - 1), _LONGEST_PAUSE)
                self._sleep(max(pause, rest), said)
            try:
                answer = self._send(path, body, patience)
            except httpx.RequestError as error:  # time-outs, lost connections, broken encodings
                said, rest = f"{type(error).__name__}", 0.0
                continue
            status, text = answer.status_code, answer.text
            if status == 200:
                result, said, status = _read(answer, fault)
                if not said:
                    return result
                said = self._hide(said)
            else:
                said = f"status {status}: {self._hide(text)}"
            if status == 200 or status in RETRIED:
                rest = _retry_after(answer.headers.get("retry-after", ""))
                continue
            if status in _REFUSED_FOR_LENGTH and _TOO_LONG.search(text):
                return None
            raise EngineError(f"{url} refused the request with {said}")
        absent = NoAnswerError(
            f"{url} gave no answer in {self._tries} tries; last: {said}. "
            f"What finished is in the journal; start again when the server is back"
        )
        absent.rest = rest
        raise absent

    def _send(self, path: str, body: dict[str, Any], patience: httpx.Timeout) -> httpx.Response:
        """One try; a cap on the output over the server's window is lowered to what is left of it,
        as the offline engine does."""
        answer = self._client.post(path, json=body, timeout=patience)
        for key in LIMITS:
            if answer.status_code in _REFUSED_FOR_LENGTH and body.get(key):
                room = _room(answer.text)
                if room is not None and 0 < room < body[key]:
                    return self._client.post(path, json={**body, key: room}, timeout=patience)
        return answer

    def _sleep(self, seconds: float, said: str) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._closing:
                raise EngineError(f"stopped while waiting to try again; last: {said}")
            time.sleep(min(left, 0.2))

    def _hide(self, text: str) -> str:
        """What is shown of a server's words: the key is taken out, then they are cut."""
        return self._secret.hide(text[:_READ])[:_SHOWN]

    # -- what a server says of itself --------------------------------------------------------------

    def facts(self, model: str) -> Facts:
        """Program, version and window; what the server does not say stays unknown."""
        found = self._get(f"{self._base}/models")
        listed = found.get("data") if isinstance(found, dict) else None
        entries = [e for e in listed or [] if isinstance(e, dict)]
        named = [e for e in entries if e.get("id") == model] or (entries[:1] * (len(entries) == 1))
        entry = named[0] if named else {}
        version = self._get(f"{self._root}/version")
        said = version.get("version") if isinstance(version, dict) else None
        program = str(entry.get("owned_by") or "").lower()
        window = entry.get("max_model_len")
        return Facts(
            program=program if program in NEUTRAL else "vllm" if said else "",
            version=str(said) if said else "unknown",
            window=window if isinstance(window, int) and window > 0 else None,
        )

    def render(self, model: str, messages: list[dict[str, str]], **options: Any) -> str | None:
        """The prompt that a vLLM server makes of messages; None from a server that does not say.

        options: add_generation_prompt, chat_template_kwargs.
        """
        body = {"model": model, "messages": messages, **options}
        tokens = self._ask(f"{self._root}/tokenize", body).get("tokens")
        if not isinstance(tokens, list):
            return None
        text = self._ask(f"{self._root}/detokenize", {"model": model, "tokens": tokens})
        return text["prompt"] if isinstance(text.get("prompt"), str) else None

    @property
    def _root(self) -> str:
        return self._base.removesuffix("/v1")

    def _get(self, url: str) -> Any:
        try:
            answer = self._client.get(url, timeout=10)
            return answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, RecursionError):
            return None

    def _ask(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.post(url, json=body, timeout=30)
            found = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


# Sampling parameters beyond OpenAI's own, by program: our name -> its name, and the value at which
# it changes nothing. They are always sent to a server that knows them: what is left out is filled
# in from the model's generation_config.json, or from the program's own defaults.
NEUTRAL: dict[str, dict[str, tuple[str, float]]] = {
    "vllm": {
        "top_k": ("top_k", 0),
        "min_p": ("min_p", 0.0),
        "repetition_penalty": ("repetition_penalty", 1.0),
        "min_tokens": ("min_tokens", 0),
        "presence_penalty": ("presence_penalty", 0.0),
        "frequency_penalty": ("frequency_penalty", 0.0),
    },
    "sglang": {
        "top_k": ("top_k", -1),
        "min_p": ("min_p", 0.0),
        "repetition_penalty": ("repetition_penalty", 1.0),
        "min_tokens": ("min_tokens", 0),
        "presence_penalty": ("presence_penalty", 0.0),
        "frequency_penalty": ("frequency_penalty", 0.0),
    },
    "llamacpp": {
        "top_k": ("top_k", 0),
        "min_p": ("min_p", 0.0),
        "repetition_penalty": ("repeat_penalty", 1.0),
    },
}


def _read(
    answer: httpx.Response, fault: Callable[[Any], str | None]
) -> tuple[dict[str, Any] | None, str, int]:
    """Body of status 200; what is wrong with it, if anything, and the status it bears itself."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None, f"status 200, but no JSON: {answer.text}", 200
    error = body.get("error") if isinstance(body, dict) else "no JSON object"
    said = fault(body) if not error else f"an error in its body: {answer.text}"
    if not said:
        return body, "", 200
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, int) or not 400 <= code < 600:
        code = 400 if error and _TOO_LONG.search(answer.text) else 200
    return None, f"status 200, but {said}", code


def _retry_after(header: str) -> float:
    """Seconds that a server asks to wait, given as a number or as a date; at most a minute."""
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except (TypeError, ValueError):
            return 0.0
    return min(max(seconds, 0.0), _LONGEST_PAUSE)


def _room(text: str) -> int | None:
    """Tokens left for an answer, where a refusal says that too many were asked for."""
    for pattern in _ROOM:
        if found := pattern.search(text):
            return int(found[1]) - int(found[2] or 0)
    return None
