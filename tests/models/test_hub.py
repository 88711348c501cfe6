"""Models from a hub, one served on this machine: what is downloaded, what is told, what a refusal says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.hub import BROKEN, COMMIT, GATED, OPEN, serve_model
from tests.helpers.tiny_models import tiny_model_folder

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "hf_neverToBeSeen"
ASK = """
import json, sys
from todacomm.models.sources import find_source
for case in json.load(sys.stdin):
    told = []
    case = {"revision": "", "weights": True, "allow_pickle": False} | case
    try:
        source = find_source(**case, on_size=lambda *sizes: told.append(sizes))
        files = sorted(path.name for path in source.folder.iterdir())
        answer = {"revision": source.revision, "origin": source.origin, "files": files, "told": told}
    except ValueError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))
"""


def ask(cache: Path, cases: list[dict[str, Any]], **environment: str) -> list[dict[str, Any]]:
    """What ``find_source`` says to each case in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_CACHE": str(cache), "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        | environment,
        check=True,
    )
    assert TOKEN not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tiny_model_folder(tmp_path_factory.mktemp("served"), "gpt2")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.safetensors").write_bytes(b"another format")
    (folder / "flax_model.msgpack").write_bytes(b"another format")
    cache = tmp_path_factory.mktemp("cache")
    cases = {
        "config only": {"name": OPEN, "weights": False},
        "all": {"name": OPEN},
        "commit": {"name": OPEN, "revision": COMMIT},
        "no revision": {"name": OPEN, "revision": "v9"},
        "gated": {"name": GATED},
        "unknown": {"name": "nobody/nothing"},
        "broken": {"name": BROKEN},
    }
    with serve_model(folder) as address:
        online = ask(cache, list(cases.values()), HF_ENDPOINT=address, HF_HUB_OFFLINE="0")
    gone = ask(cache, [{"name": "nobody/nothing"}, {"name": OPEN}], HF_ENDPOINT=address, HF_HUB_OFFLINE="0")
    offline = ask(cache, [{"name": OPEN}, {"name": "nobody/nothing"}], HF_HUB_OFFLINE="1")
    later = dict(zip(("gone", "cached", "offline cached", "offline"), gone + offline, strict=True))
    return dict(zip(cases, online, strict=True)) | later


def test_a_config_and_a_tokenizer_come_without_the_weights(answers: dict[str, dict[str, Any]]) -> None:
    assert {"config.json", "tokenizer.json"} <= set(answers["config only"]["files"])
    assert "model.safetensors" not in answers["config only"]["files"]
    assert answers["config only"]["told"] == []


def test_a_download_takes_the_weights_once_and_tells_their_size_first(answers: dict[str, dict[str, Any]]) -> None:
    assert set(answers["all"]["files"]) - set(answers["config only"]["files"]) == {"model.safetensors"}
    [(n_bytes, n_parameters)] = answers["all"]["told"]
    assert n_parameters == 53024
    assert n_bytes == pytest.approx(4 * n_parameters, rel=0.05)


def test_the_revision_recorded_is_the_commit(answers: dict[str, dict[str, Any]]) -> None:
    for case in ("all", "commit", "cached", "offline cached"):
        assert (answers[case]["revision"], answers[case]["origin"]) == (COMMIT, OPEN)


def test_what_is_cached_needs_no_connection(answers: dict[str, dict[str, Any]]) -> None:
    for case in ("cached", "offline cached"):
        assert "model.safetensors" in answers[case]["files"]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no revision", ["no revision 'v9'", "branches, tags or commits"]),
        ("gated", ["someone/gated is gated", "accept its terms", "HF_TOKEN"]),
        ("unknown", ["no model 'nobody/nothing' on the hub", "check the spelling"]),
        ("broken", ["cannot be reached", "it answers 503", "local folder"]),
        ("gone", ["cannot be reached", "ConnectError", "demo-decoder"]),
        ("offline", ["cannot be reached", "HF_HUB_OFFLINE is set", "demo-decoder"]),
    ],
)
def test_a_refusal_says_what_to_do(answers: dict[str, dict[str, Any]], case: str, words: list[str]) -> None:
    for word in words:
        assert word in answers[case]["error"]
