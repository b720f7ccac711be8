"""An API key is read from the environment and written nowhere: a run with a canary for a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

pytest.importorskip("httpx")

CANARY = "sk-canary-4f1d9b7a2c"
OVERLAY = """
study:
  name: served
  models: [served]
  strategies: [single, majority]
  features: [length]
  figures: [accuracy_by_samples]
  sections: [provenance]
  claims: []
  draws: 2
  shard_size: 2
  budgets: [1, 2]
  bootstrap: 100
models:
  served:
    title: Served
    reasoning: false
    engine: openai
    model: toy
    base_url: http://127.0.0.1:{port}/v1
    api_key_env: CANARY_KEY
    engine_options: {{tries: 2, pause: 0.05, timeout: 5}}
"""


class Server(ThreadingHTTPServer):
    """Answers whoever shows the key; refuses with the key in its words, once told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys: set[str | None] = set()
        self.refuses = True
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(404, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        shown = self.headers.get("authorization")
        self.server.keys.add(shown)
        if self.server.refuses:
            self.answer(401, {"error": {"message": f"Incorrect API key provided: {shown}"}})
        else:
            message = {"role": "assistant", "content": "\\boxed{5}"}
            self.answer(200, {"choices": [{"message": message, "finish_reason": "stop"}]})

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def everything_said(folder: Path, port: int, target: str) -> tuple[int, str]:
    """Exit code; what was printed and the command lines of all processes while it ran."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile"]
    command += ["tests/config/mini.yaml", "served.yaml", "--", target]
    log = folder / "printed.txt"
    lines: set[str] = set()
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "CANARY_KEY": CANARY, "MPLBACKEND": "Agg"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        me = psutil.Process(process.pid)
        while process.poll() is None:
            for one in [me, *_children(me)]:
                try:
                    lines.add(" ".join(one.cmdline()))
                except psutil.Error:
                    continue
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
    return process.returncode, log.read_text() + "\n".join(lines)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def holding(folder: Path) -> list[Path]:
    """Files that hold the key."""
    return [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and CANARY.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize(
    "targets",
    [pytest.param(["responses"]), pytest.param(["all", "archive"], marks=pytest.mark.full)],
    ids=["responses", "whole study and archive"],
)
def test_the_key_reaches_the_server_and_no_file(project, targets):
    folder, server = project.folder, Server()
    port = server.server_address[1]
    (folder / "served.yaml").write_text(OVERLAY.format(port=port))
    try:
        code, said = everything_said(folder, port, "responses")
        assert code != 0 and "status 401" in said and "***" in said
        assert CANARY not in said and holding(folder) == []
        server.refuses = False
        for target in targets:
            code, said = everything_said(folder, port, target)
            assert code == 0, said
            assert ".snakemake/scripts" in said and CANARY not in said
    finally:
        server.shutdown()
        server.server_close()
    assert server.keys == {f"Bearer {CANARY}"}
    assert list((folder / "journal").rglob("*.jsonl"))
    assert holding(folder) == []
