"""A model server that dies in the middle of a batch: what it answered is kept, the rest asked."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("httpx")

from itc import tables
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.engines._base import EngineError
from itc.generate import Job, generate_shard

PROBLEMS, DRAWS = 5, 4
SETTINGS = Settings.of(
    {
        **{"kind": "sample", "temperature": 0.8, "top_p": 0.95, "top_k": -1, "max_tokens": 16},
        **{"system_prompt": None, "parent": None, "prompts": {"prompt": "{{ question }}"}},
    }
)


class Server(ThreadingHTTPServer):
    """Answers every question; dies with what is under way once it answered ``lives`` of them."""

    daemon_threads = True

    def __init__(self, lives: int, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.lives, self.answered = lives, Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def die(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = (body["messages"][-1]["content"], body["seed"])
        with self.server.lock:
            dead = self.server.lives <= 0
            self.server.lives -= 1
            if not dead:
                self.server.answered[asked] += 1
        if dead:  # no status line: the connection is cut
            self.close_connection = True
            return
        # The first answers come last, when others of the batch have failed already.
        time.sleep(0.3 if sum(self.server.answered.values()) < 4 else 0)
        value = re.sub(r"\D+", "", asked[0])
        message = {"role": "assistant", "content": f"\\boxed{{{value}}} {asked[1]}"}
        data = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def generate(folder: Path, port: int) -> Path:
    problems = pd.DataFrame(
        {
            "problem_id": [f"p{i}" for i in range(PROBLEMS)],
            "question": [f"Say {i}." for i in range(PROBLEMS)],
            "gold": [str(i) for i in range(PROBLEMS)],
            "answer_type": "number",
            "metadata": "{}",
        }
    )
    model = Model(
        **{"title": "served", "reasoning": False, "engine": "openai", "model": "served"},
        **{"base_url": f"http://127.0.0.1:{port}/v1", "concurrency": 6},
        engine_options={"pause": 0.01, "tries": 2, "timeout": 5},
    )
    output = folder / "responses" / "000.parquet"
    job = Job("says", problems, "sample", SETTINGS, "0123456789", None, output)
    generate_shard(model, "served", [job], folder / "journal", 7, range(DRAWS))
    return output


def test_what_a_dying_server_answered_is_kept_and_not_asked_again(tmp_path):
    server = Server(lives=9)
    with pytest.raises(EngineError, match=r"no answer in 2 tries.*start again when the server is"):
        generate(tmp_path, server.port)
    server.die()
    (journal,) = (tmp_path / "journal").rglob("*.jsonl")
    # Every answer that left the server was written down, those behind the first failure too.
    assert len(journal.read_bytes().splitlines()) == sum(server.answered.values()) == 9
    assert not (tmp_path / "responses").exists()

    again = Server(lives=1000)
    output = generate(tmp_path, again.port)
    again.die()
    assert not set(again.answered) & set(server.answered)
    assert sum(again.answered.values()) == PROBLEMS * DRAWS - 9
    undisturbed = Server(lives=1000)
    whole = generate(tmp_path / "undisturbed", undisturbed.port)
    undisturbed.die()
    text = ["problem_id", "draw", "text"]
    pd.testing.assert_frame_equal(
        tables.read(output, "responses", text), tables.read(whole, "responses", text)
    )


def test_a_server_that_is_gone_is_named(tmp_path):
    server = Server(lives=0)
    port = server.port
    server.die()
    with pytest.raises(EngineError, match=rf"127\.0\.0\.1:{port}.*ConnectError"):
        generate(tmp_path, port)
