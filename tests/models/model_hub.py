"""A hub on this machine with one model: enough of its interface for a download."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlparse

COMMIT = "c0ffee" * 6 + "c0ff"
OPEN, GATED, BROKEN = "someone/tiny", "someone/gated", "someone/broken"


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a hub that holds the files of a folder as two models, one of them gated; all else is unknown."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(files))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(files: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Nothing: the tests say what happened."""

        def do_GET(self) -> None:
            path = unquote(urlparse(self.path).path).removeprefix("/api/models").strip("/")
            repo = "/".join(path.split("/")[:2])
            action, _, rest = path.removeprefix(repo).strip("/").partition("/")
            revision, _, name = rest.partition("/")
            if repo == BROKEN:
                return self.refuse(503, "Maintenance")
            if repo not in (OPEN, GATED):
                return self.refuse(401, "RepoNotFound")
            if action and revision not in ("main", COMMIT):
                return self.refuse(404, "RevisionNotFound")
            if action == "resolve":
                return self.refuse(403, "GatedRepo") if repo == GATED else self.file(name)
            facts = self.listing() if action == "tree" else self.facts(repo)
            return self.reply(json.dumps(facts).encode())

        do_HEAD = do_GET

        def facts(self, repo: str) -> dict[str, object]:
            siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
            return {"id": repo, "sha": COMMIT, "siblings": siblings, "safetensors": {"parameters": {}, "total": 53024}}

        def listing(self) -> list[dict[str, object]]:
            return [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in files.items()
            ]

        def file(self, name: str) -> None:
            etag = hashlib.sha1(files[name]).hexdigest()
            self.reply(files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})

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
