"""Hub data sets: the name's parts, the same texts as a local copy, and what a failure says."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.hub import COMMIT, serve_dataset
from todacomm.settings.analysis import TextsConfig
from todacomm.texts import hub, load_texts
from todacomm.texts.files import read_file
from todacomm.texts.hub import HubName, parse_name, read_hub
from todacomm.texts.sources import read_source

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the layout of a hub data set, and a cache of its own."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "layout"
    folder.mkdir()
    return folder


def wikitext_rows(path: Path) -> list[str]:
    return [f"{line}\n" if line.strip() else "" for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hf:squad:validation:context", HubName("squad", None, "validation", "context")),
        ("hf:a/b:c:train[10:20]:text", HubName("a/b", "c", "train[10:20]", "text")),
        ("hf:a/b:train[:1%]:text", HubName("a/b", None, "train[:1%]", "text")),
        (hub.WIKITEXT2, HubName("Salesforce/wikitext", "wikitext-2-raw-v1", "test", "text")),
    ],
)
def test_the_parts_of_a_name(name: str, expected: HubName) -> None:
    assert parse_name(name) == expected


@pytest.mark.parametrize("name", ["hf:", "hf:a/b", "hf:a/b:train", "hf:a/b::text", "hf:a:b:c:d:e"])
def test_a_name_of_another_form_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected hf:path\[:config\]:split:field"):
        parse_name(name)


def test_wikitext_rows_of_a_hub_data_set_give_the_texts_of_the_local_copy(shared_data: Path, layout: Path) -> None:
    path = shared_data / "wikitext-2" / "wiki.test.raw"
    pq.write_table(pa.table({"text": wikitext_rows(path)}), layout / "test.parquet")
    for unit in ("passage", "line", "row"):
        config = TextsConfig(dataset=f"hf:{layout}:test:text", unit=unit)
        copy = TextsConfig(dataset=str(path), unit=unit)
        assert load_texts(config, seed=1).digest == load_texts(copy, seed=1).digest


def test_squad_rows_of_a_hub_data_set_are_the_documents_of_the_local_copy(
    shared_data: Path, layout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shared_data / "squad-v2-dev" / "dev-v2.0.rebuilt.json"
    questions = [
        {"title": article["title"], "context": paragraph["context"], "question": question["question"]}
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    pq.write_table(pa.Table.from_pylist(questions), layout / "validation.parquet")
    monkeypatch.setattr(hub, "SQUAD", f"hf:{layout}:validation:question")
    assert hub.read_squad().documents == read_file(path).documents


def test_rows_are_documents_and_a_slice_is_a_split(layout: Path) -> None:
    pq.write_table(pa.table({"body": ["one", None, " ", "two", "three"], "n": range(5)}), layout / "train.parquet")
    source = read_hub(f"hf:{layout}:train[:4]:body")
    assert [document.lines for document in source.documents] == [("one",), ("two",)]
    with pytest.raises(ValueError, match="has no field 'text': choose from body, n"):
        read_hub(f"hf:{layout}:train:text")
    with pytest.raises(ValueError, match="'n' holds a int in row 1"):
        read_hub(f"hf:{layout}:train:n")
    with pytest.raises(ValueError, match=r'cannot load .*Unknown split "test"'):
        read_hub(f"hf:{layout}:test:body")


def test_a_file_that_is_broken_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n{"text": "b"\n')
    with pytest.raises(ValueError, match=r"cannot load .*JSON parse error"):
        read_hub(f"hf:{tmp_path}:train:text")


def test_a_prompt_takes_several_fields(layout: Path) -> None:
    pq.write_table(pa.table({"q": ["one?", "two?"], "a": [1, None], "level": ["x", "y"]}), layout / "train.parquet")
    name = f"hf:{layout}:train"
    config = TextsConfig(dataset=name, text_column="Q: {q} A: {a}", text_columns=("level",))
    documents = read_source(config).documents
    assert [document.lines for document in documents] == [("Q: one? A: 1",), ("Q: two? A: ",)]
    assert [document.columns for document in documents] == [(("level", "x"),), (("level", "y"),)]
    whole = read_source(TextsConfig(dataset=name, text_column="q")).documents
    assert whole == read_source(TextsConfig(dataset=f"{name}:q")).documents
    with pytest.raises(ValueError, match="has no field 'b': choose from q, a, level"):
        read_source(TextsConfig(dataset=name, text_column="{b}"))
    with pytest.raises(ValueError, match=r"expected hf:path\[:config\]:split, as text_column names the field"):
        read_source(TextsConfig(dataset="hf:a/b:c:train:q", text_column="q"))


@pytest.mark.parametrize("name", ["wikitext2", "squad", "hf:nobody/nothing:train:text"])
def test_offline_says_what_to_do(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"the Hugging Face hub cannot be reached .* give a copy of the texts by its path"
    ):
        load_texts(TextsConfig(dataset=name), seed=0)


def test_code_that_comes_with_a_data_set_is_not_run(layout: Path) -> None:
    (layout / f"{layout.name}.py").write_text("raise SystemExit('this ran')\n")
    with pytest.raises(ValueError, match=r"cannot load .*scripts are no longer supported"):
        read_hub(f"hf:{layout}:train:text")


ASK = """
import json, sys
from todacomm.settings.analysis import TextsConfig
from todacomm.texts import load_texts
for dataset, revision in json.loads(sys.argv[1]):
    try:
        texts = load_texts(TextsConfig(dataset=dataset, dataset_revision=revision), seed=42)
        print(json.dumps([texts.revision, texts.digest, texts.ids[0]]))
    except ValueError as error:
        print(json.dumps(str(error)))
"""


def ask(home: Path, endpoint: str, questions: list[tuple[str, str]], offline: bool = False) -> list[list[str] | str]:
    """What a fresh process answers with this hub and this cache."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(questions)],
        env={
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": str(int(offline)),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.heavy
def test_a_hub_gives_the_texts_of_the_local_copy_its_commit_and_then_its_cache(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "wikitext-2" / "wiki.test.raw"
    table = tmp_path / "test.parquet"
    pq.write_table(pa.table({"text": wikitext_rows(path)}), table)
    expected = [COMMIT, load_texts(TextsConfig(dataset=str(path)), seed=42).digest, "wikitext2/Imagism#w0"]
    with serve_dataset("Salesforce/wikitext", "wikitext-2-raw-v1", "test", table.read_bytes()) as endpoint:
        newest, same, unknown, missing, gated = ask(tmp_path, endpoint, [
            ("wikitext2", ""), ("wikitext2", COMMIT), ("wikitext2", "v9"), ("squad", ""), ("hf:a/gated:test:text", ""),
        ])  # fmt: skip
    assert newest == same == expected
    assert "Revision 'v9' doesn't exist" in unknown
    assert "'rajpurkar/squad_v2' doesn't exist on the Hub or cannot be accessed" in missing
    assert "gated dataset" in gated

    cached, another = ask(tmp_path, endpoint, [("wikitext2", ""), ("wikitext2", "v9")], offline=True)
    assert cached == expected
    assert f"the copy on this machine is revision {COMMIT}" in another
