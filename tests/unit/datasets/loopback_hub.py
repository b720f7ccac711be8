"""A tiny Hugging Face hub on loopback: serves the files it is given, as the real protocol does."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves ``files`` {(repo, name): bytes}; repositories in ``gated`` want ``token``."""

    def __init__(self, files, gated=(), token="right"):
        self.files, self.gated, self.token = files, set(gated), token
        self.requests = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def refuse(self, status, code):
                self.send_response(status)
                self.send_header("X-Error-Code", code)
                self.send_header("X-Error-Message", code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer(self, body):
                hub.requests.append((self.command, self.path))
                parts = self.path.lstrip("/").split("/")
                if parts[0] != "datasets" or "resolve" not in parts:
                    return self.refuse(404, "RepoNotFound")
                at = parts.index("resolve")
                repo, revision = "/".join(parts[1:at]), parts[at + 1]
                name = "/".join(parts[at + 2 :])
                if repo not in {key[0] for key in hub.files}:
                    return self.refuse(404, "RepoNotFound")
                held = self.headers.get("Authorization")
                if repo in hub.gated and held != f"Bearer {hub.token}":
                    return self.refuse(403, "GatedRepo")
                if revision not in (COMMIT, "main"):
                    return self.refuse(404, "RevisionNotFound")
                data = hub.files.get((repo, name))
                if data is None:
                    return self.refuse(404, "EntryNotFound")
                self.send_response(200)
                self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if body:
                    self.wfile.write(data)

            def do_HEAD(self):
                self.answer(False)

            def do_GET(self):
                self.answer(True)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
