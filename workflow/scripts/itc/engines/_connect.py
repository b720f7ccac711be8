"""What an entry of a served model says of its servers: checked, and connected to."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from itc.config.model import Model
from itc.engines._base import EngineError
from itc.engines._http import Server
from itc.engines._pool import Pool
from itc.engines._served import Served

OPTIONS = ("tokenizer", "timeout", "tries", "pause")


def check(model: Model) -> None:
    """Raise EngineError for a missing address or key, a secret in an address, an unknown option."""
    for url in model.addresses or ("",):
        address = urlsplit(url)
        if address.username or address.password or address.query:
            raise EngineError(
                "key 'base_url': the address holds a user, password or query, and would be logged "
                "and archived with them; give the key by `api_key_env`"
            )
        if address.scheme not in ("http", "https") or not address.hostname:
            raise EngineError(
                f"key 'base_url': {model.base_url!r}; give the server's address, e.g. "
                f"http://node17:8000/v1"
            )
    for key in model.options:
        if key not in OPTIONS:
            raise EngineError(
                f"key 'engine_options': {key!r} is not known here; allowed: {', '.join(OPTIONS)}. "
                f"A key of the request itself, such as reasoning_effort, goes into `request`"
            )
    Served.of(model)
    name = model.api_key_env
    if name and not os.environ.get(name):
        raise EngineError(
            f"key 'api_key_env': the environment variable {name} is not set; export the API key "
            f"under that name, or drop the key for a server that wants none"
        )


def connect(model: Model) -> Server | Pool:
    """The server of an entry, or all of its servers as one."""
    secret, options = os.environ.get(model.api_key_env or "", ""), model.options
    tries, pause = int(options.get("tries", 8)), float(options.get("pause", 1.0))
    if len(model.addresses) == 1:
        (url,) = model.addresses
        return Server(url, secret, tries=tries, pause=pause, connections=model.concurrency)
    each = [Server(url, secret, connections=model.concurrency, tries=1) for url in model.addresses]
    return Pool(each, tries=tries, pause=pause)
