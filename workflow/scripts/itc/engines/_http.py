"""Ask an HTTP server for JSON: retries with back-off, and a key that appears nowhere."""

from __future__ import annotations

import time
from typing import Any

import httpx

from itc.engines._base import EngineError
from itc.engines._secret import Secret

RETRIED = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_SHOWN = 300  # characters of a refusal that are shown
_READ = 100_000  # characters of a refusal that are looked through for the key
_LONGEST_PAUSE = 60.0  # seconds between two tries


class Server:
    """One server and how patiently it is asked.

    secret: API key, empty for none. tries: of one request. pause: seconds before the second try,
    doubled each time. timeout: seconds of one try. connections: open at once.
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
        self._closing = False
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
            timeout=httpx.Timeout(timeout, connect=30),
            limits=httpx.Limits(max_connections=connections),
        )

    def close(self) -> None:
        """Drop what is in flight."""
        self._closing = True
        self._client.close()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The server's answer, after retries; None for a prompt that is longer than its window.

        Raises EngineError where it refuses, or gives no answer in all tries.
        """
        said = "nothing"
        for number in range(self._tries):
            if number:
                self._sleep(min(self._pause * 2 ** (number - 1), _LONGEST_PAUSE), said)
            try:
                answer = self._client.post(path, json=body)
            except httpx.TransportError as error:  # time-outs and lost connections
                said = f"{type(error).__name__}"
                continue
            if answer.status_code == 200:
                return self._json(path, answer)
            said = f"status {answer.status_code}: {self._hide(answer.text)}"
            if answer.status_code in RETRIED:
                after = answer.headers.get("retry-after", "")
                if after.replace(".", "", 1).isdigit():
                    self._sleep(min(float(after), _LONGEST_PAUSE), said)
                continue
            if answer.status_code == 400 and _about_length(answer.text):
                return None
            raise EngineError(f"{self._client.base_url}{path} refused the request with {said}")
        raise EngineError(
            f"{self._client.base_url}{path} gave no answer in {self._tries} tries; last: {said}. "
            f"What finished is in the journal; start again when the server is back"
        )

    def _json(self, path: str, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise EngineError(
                f"{self._client.base_url}{path} answered with something other than a JSON object: "
                f"{self._hide(answer.text)}; check that `base_url` is that of an OpenAI server"
            )
        return found

    def _sleep(self, seconds: float, said: str) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._closing:
                raise EngineError(f"stopped while waiting to try again; last: {said}")
            time.sleep(min(left, 0.2))

    def _hide(self, text: str) -> str:
        """What is shown of a server's words: the key is taken out, then they are cut."""
        return self._secret.hide(text[:_READ])[:_SHOWN]

    def version(self) -> str:
        """Version of a vLLM server; other servers do not tell."""
        try:
            root = str(self._client.base_url).rstrip("/").removesuffix("/v1")
            answer = self._client.get(f"{root}/version", timeout=10)
            return str(answer.json()["version"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return "unknown"


def _about_length(text: str) -> bool:
    return "context length" in text.lower() or "context_length" in text.lower()
