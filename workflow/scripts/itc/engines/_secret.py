"""Take an API key out of a text, in the spellings a server may send it back in."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# Characters of the key in a row that are hidden as well: a server may cut what it sends back.
PIECE = 8


def spellings(secret: str) -> set[str]:
    """The key as it is and as JSON, addresses, HTML and base64 write it."""
    plain = secret.encode("utf-8", "surrogatepass")
    as_json = json.dumps(secret)[1:-1]
    found = {
        secret,
        as_json,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        as_json.replace("/", "\\/"),
        "".join(f"\\u{ord(character):04x}" for character in secret),
        quote(plain, safe=""),
        quote(plain),
        quote_plus(plain),
        "".join(f"%{byte:02x}" for byte in plain),
        html.escape(secret),
        html.escape(secret, quote=False),
        repr(secret)[1:-1],
    }
    for before in range(3):  # base64 of a text that holds the key, wherever it lies in it
        packed = base64.b64encode(b"x" * before + plain)
        first, last = -(-4 * before // 3), len(packed) - (4 if packed.endswith(b"=") else 0)
        found |= {packed[first:last].decode(), base64.b64encode(plain).decode().rstrip("=")}
    found |= {text.translate(str.maketrans("+/", "-_")) for text in found}
    return {text for text in found if text}


class Secret:
    """A key, empty for none, that ``hide`` replaces."""

    def __init__(self, key: str) -> None:
        self._whole = sorted(spellings(key), key=len, reverse=True) if key else []
        self._pieces = {
            text[i : i + PIECE].lower()
            for text in self._whole
            for i in range(len(text) - PIECE + 1)
        }

    def hide(self, text: str) -> str:
        """``text`` without the key: each spelling of it, and PIECE or more characters of one.

        Hide first and cut afterwards: a cut through the key leaves a part that is no whole key.
        """
        for spelling in self._whole:
            text = text.replace(spelling, HIDDEN)
        lower = text.lower()
        if len(lower) != len(text):  # few characters change length in lower case
            lower = text
        parts, kept, at = [], 0, 0
        while at <= len(lower) - PIECE:
            if lower[at : at + PIECE] not in self._pieces:
                at += 1
                continue
            end = at + PIECE
            while end < len(lower) and lower[end - PIECE + 1 : end + 1] in self._pieces:
                end += 1
            parts += [text[kept:at], HIDDEN]
            kept = at = end
        return "".join([*parts, text[kept:]])
