"""A Hugging Face hub on this machine: enough of its interface to download a model, or to load a data set."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import unquote, urlparse

COMMIT = "c0ffee" * 6 + "c0ff"
OPEN, GATED, BROKEN = "someone/tiny", "someone/gated", "someone/broken"


class Hub(BaseHTTPRequestHandler):
    """What a hub of models and one of data sets share: files with their digests, refusals with a code."""

    files: ClassVar[dict[str, bytes]]

    def log_message(self, *args: object) -> None:
        """Print nothing: the tests say what happened."""

    @property
    def asked(self) -> str:
        return unquote(urlparse(self.path).path)

    def entry(self, name: str) -> dict[str, object]:
        return {"type": "file", "path": name, "size": len(self.files[name]), "oid": _digest(self.files[name])}

    def send_one_file(self, name: str) -> None:
        self.reply(self.files[name], {"ETag": f'"{_digest(self.files[name])}"', "X-Repo-Commit": COMMIT})

    def send_json(self, value: object) -> None:
        self.reply(json.dumps(value).encode())

    def refuse(self, code: int, error: str) -> None:
        self.reply(b"{}", {"X-Error-Code": error, "X-Error-Message": error, "X-Repo-Commit": COMMIT}, code)

    def reply(self, body: bytes, headers: dict[str, str] | None = None, code: int = 200) -> None:
        self.send_response(code)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serve_model(folder: Path) -> Iterator[str]:
    """The address of a hub that holds the files of a folder as two models, one of them gated; all else is unknown."""

    class Models(Hub):
        files: ClassVar = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }

        def do_GET(self) -> None:
            path = self.asked.removeprefix("/api/models").strip("/")
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
                return self.refuse(403, "GatedRepo") if repo == GATED else self.send_one_file(name)
            return self.send_json([self.entry(name) for name in self.files] if action == "tree" else self.facts(repo))

        do_HEAD = do_GET

        def facts(self, repo: str) -> dict[str, object]:
            siblings = [{"rfilename": name, "size": len(content)} for name, content in self.files.items()]
            return {"id": repo, "sha": COMMIT, "siblings": siblings, "safetensors": {"parameters": {}, "total": 53024}}

    with _served(Models) as address:
        yield address


@contextmanager
def serve_dataset(repo: str, config: str, split: str, parquet: bytes) -> Iterator[str]:
    """The address of a hub that holds the data set ``repo`` alone; ``a/gated`` is gated, all else unknown."""
    card = (
        f"---\nconfigs:\n- config_name: {config}\n  data_files:\n  - split: {split}\n    path: {split}.parquet\n---\n"
    )

    class Datasets(Hub):
        files: ClassVar = {"README.md": card.encode(), f"{split}.parquet": parquet}

        def do_GET(self) -> None:
            path = self.asked
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if repo not in path:
                return self.refuse(403, "GatedRepo") if "gated" in path else self.refuse(401, "RepoNotFound")
            kind, _, rest = path.partition(repo)
            action, _, rest = rest.strip("/").partition("/")
            revision, _, name = rest.partition("/")
            if revision not in ("main", COMMIT):
                return self.refuse(404, "RevisionNotFound")
            if kind == "/datasets/":
                return self.send_one_file(name) if name in self.files else self.refuse(404, "EntryNotFound")
            if action == "revision":
                return self.send_json({"id": repo, "sha": COMMIT, "siblings": [{"rfilename": f} for f in self.files]})
            wanted = json.loads(body)["paths"] if action == "paths-info" else self.files
            return self.send_json([self.entry(file) for file in wanted if file in self.files and file.startswith(name)])

        do_HEAD = do_POST = do_GET

    with _served(Datasets) as address:
        yield address


@contextmanager
def _served(handler: type[Hub]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
