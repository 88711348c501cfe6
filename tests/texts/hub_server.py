"""A hub on this machine with one data set: enough of its interface for the ``datasets`` library to load it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlparse

COMMIT = "c0ffee" * 6 + "c0ff"


@contextmanager
def serve(repo: str, config: str, split: str, parquet: bytes) -> Iterator[str]:
    """The address of a hub that holds ``repo`` alone; ``a/gated`` is gated, all else unknown."""
    card = (
        f"---\nconfigs:\n- config_name: {config}\n  data_files:\n  - split: {split}\n    path: {split}.parquet\n---\n"
    )
    files = {"README.md": card.encode(), f"{split}.parquet": parquet}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(repo, files))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(repo: str, files: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing: the tests say what happened."""

        def do_GET(self) -> None:
            path = unquote(urlparse(self.path).path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = self.rfile.read(length)
            if repo not in path:
                code, error = (403, "GatedRepo") if "gated" in path else (401, "RepoNotFound")
                return self.refuse(code, error)
            kind, _, rest = path.partition(repo)
            action, _, rest = rest.strip("/").partition("/")
            revision, _, name = rest.partition("/")
            if revision not in ("main", COMMIT):
                return self.refuse(404, "RevisionNotFound")
            if kind == "/datasets/":
                return self.file(name) if name in files else self.refuse(404, "EntryNotFound")
            return self.reply(json.dumps(self.facts(action, name, asked)).encode())

        do_HEAD = do_POST = do_GET

        def facts(self, action: str, name: str, asked: bytes) -> object:
            if action == "revision":
                return {"id": repo, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}
            wanted = json.loads(asked)["paths"] if action == "paths-info" else [f for f in files if f.startswith(name)]
            return [self.entry(file) for file in wanted if file in files]

        def entry(self, file: str) -> dict[str, object]:
            return {"type": "file", "path": file, "size": len(files[file]), "oid": _digest(files[file])}

        def file(self, name: str) -> None:
            self.reply(files[name], {"ETag": f'"{_digest(files[name])}"', "X-Repo-Commit": COMMIT})

        def refuse(self, code: int, error: str) -> None:
            self.reply(b"{}", {"X-Error-Code": error, "X-Error-Message": error, "X-Repo-Commit": COMMIT}, code)

        def reply(self, body: bytes, headers: dict[str, str] | None = None, code: int = 200) -> None:
            self.send_response(code)
            for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Hub


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
