"""Conversations: one set of messages for every model, read in the words of its own template, special tokens once."""

import json
from dataclasses import replace

import numpy as np
import pytest
from transformers import AutoTokenizer

import todacomm
from tests.helpers.tiny_models import tiny_model_folder
from todacomm.activations.tokens import tokenize
from todacomm.settings.analysis import AnalysisConfig, TextsConfig
from todacomm.texts import load_texts
from todacomm.texts.chat import as_text, templated

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
ASKED = [{"role": "user", "content": "How many boats are there?"}]
ANSWERED = [*ASKED, {"role": "assistant", "content": "Seven."}]


@pytest.fixture
def tokenizer(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder(tmp_path, "llama"))
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def test_a_conversation_is_read_in_the_template_of_the_model(tokenizer):
    begin = tokenizer.bos_token
    assert templated(tokenizer, [as_text(ASKED), as_text(ANSWERED), "Rain?"]) == [
        f"{begin}<user> How many boats are there?\n<assistant>",
        f"{begin}<user> How many boats are there?\n<assistant> Seven.\n",
        f"{begin}<user> Rain?\n<assistant>",
    ]
    with_system = templated(tokenizer, [as_text(ASKED)], system="Be brief.")[0]
    assert with_system.startswith(f"{begin}<system> Be brief.\n<user>")
    own = [{"role": "system", "content": "Own."}, *ASKED]
    assert "Be brief." not in templated(tokenizer, [as_text(own)], system="Be brief.")[0]


def test_the_first_special_token_stands_there_once(tokenizer):
    (words,) = templated(tokenizer, [as_text(ASKED)])
    (once,) = tokenize(tokenizer, [words], None, templated=True)
    assert np.flatnonzero(once.ids == tokenizer.bos_token_id).tolist() == [0]
    assert once.ids.tolist() == tokenizer.apply_chat_template(ASKED, add_generation_prompt=True)["input_ids"]


def test_without_a_template_there_is_no_chat(tokenizer):
    tokenizer.chat_template = None
    with pytest.raises(ValueError, match="no chat template"):
        templated(tokenizer, ["Rain?"])


def test_a_template_that_refuses_says_which_conversation(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(ValueError, match="refuses conversation 0: roles must alternate"):
        templated(tokenizer, ["Rain?"])


@pytest.fixture
def conversations(tmp_path):
    rows = [{"messages": [{"role": "user", "content": f"What is {i} and {i}?"}], "topic": i % 3} for i in range(15)]
    (tmp_path / "chat.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "chat.jsonl"


def test_a_data_set_of_messages_is_the_same_for_every_model(conversations):
    config = AnalysisConfig.from_flat(
        {"dataset": str(conversations), "text_column": "messages", "samples": 10, "chat": True}
    )
    texts = load_texts(config.texts, seed=0)
    assert json.loads(texts.texts[3]) == [{"role": "user", "content": "What is 3 and 3?"}]


@pytest.mark.parametrize("content", [None, [{"type": "text", "text": "Hello"}], 3])
def test_a_message_without_words_is_refused(conversations, content):
    rows = [json.loads(line) for line in conversations.read_text().splitlines()]
    rows[4]["messages"][0]["content"] = content
    conversations.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"dataset": str(conversations), "text_column": "messages", "samples": 10, "chat": True}
    with pytest.raises(ValueError, match=r"a list in row 5: expected messages with a role and a content of text"):
        load_texts(AnalysisConfig.from_flat(options).texts, seed=0)


def test_an_analysis_of_conversations_says_where_it_reads(store, tmp_path, tokenizer, conversations):
    tokenizer.save_pretrained(tmp_path / "llama")
    analysis = todacomm.analyze(
        model=str(tmp_path / "llama"), dataset=str(conversations), text_column="messages", samples=12,
        chat=True, system="Be brief.", replicates=0, nulls=0, pca=5, explorer=False,
    )  # fmt: skip
    assert analysis.texts["text"][2] == f"{tokenizer.bos_token}<system> Be brief.\n<user> What is 2 and 2?\n<assistant>"
    assert "template_ending" in {warning.code for warning in analysis.warnings}


def test_a_system_message_needs_a_conversation(conversations):
    options = {"dataset": str(conversations), "text_column": "messages", "samples": 10, "system": "Be brief."}
    with pytest.raises(ValueError, match="system is for conversations: set chat=true"):
        load_texts(AnalysisConfig.from_flat(options).texts, seed=0)


def test_conversations_are_not_read_as_their_json(conversations):
    config = AnalysisConfig.from_flat(
        {"dataset": str(conversations), "text_column": "messages", "samples": 10, "unit": "row"}
    )
    with pytest.raises(ValueError, match="set chat=true for"):
        load_texts(config.texts, seed=0)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_prompt_takes_several_columns(tmp_path, kind):
    rows = [{"question": f"What is {i}?", "count": i, "other": "x"} for i in range(12)]
    path = tmp_path / f"prompts.{kind}"
    if kind == "csv":
        path.write_text("question,count,other\n" + "".join(f"{r['question']},{r['count']},x\n" for r in rows))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    column = "Q: {question}\nA: {count}"
    options = {"dataset": str(path), "text_column": column, "text_columns": "other", "samples": 10, "unit": "row"}
    texts = load_texts(AnalysisConfig.from_flat(options).texts, seed=0)
    assert texts.texts[3] == "Q: What is 3?\nA: 3"
    assert set(texts.columns) == {"other"}


@pytest.mark.parametrize("text_column", ["{code} {price} {id}", "{price} {code} {id}"])
def test_a_prompt_has_the_cells_of_a_csv_as_they_stand(tmp_path, text_column):
    path = tmp_path / "prompts.csv"
    path.write_text("code,price,id\n" + "".join(f"{i:03d},{i}.50,1_{i}\n" for i in range(12)) + "\n,,\n")
    config = TextsConfig(dataset=str(path), text_column=text_column, text_columns=("id", "price"), unit="row")
    texts = load_texts(replace(config, samples=12), seed=0)
    cells = {"code": "007", "price": "7.50", "id": "1_7"}
    assert texts.texts[7] == text_column.format(**cells)
    assert (texts.columns["id"][7], texts.columns["price"][7]) == ("1_7", 7.5)
    with pytest.raises(ValueError, match="holds 12 rows in 12 documents"):  # a row without any cell is blank
        load_texts(replace(config, samples=13), seed=0)


def test_a_prompt_may_begin_with_a_number(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps({"n": i if i else None, "text": f"row {i}"}) + "\n" for i in range(12)))
    config = TextsConfig(dataset=str(path), text_column="{n} {text}", samples=12, unit="row")
    assert load_texts(config, seed=0).texts[:2] == (" row 0", "1 row 1")


@pytest.mark.parametrize("column", ["{question", "{question!r}", "{question:>9}", "{}"])
def test_a_prompt_has_names_of_columns_alone_in_braces(tmp_path, column):
    (tmp_path / "prompts.csv").write_text("question\n" + "Why?\n" * 12)
    options = {"dataset": str(tmp_path / "prompts.csv"), "text_column": column, "samples": 10, "unit": "row"}
    with pytest.raises(ValueError, match="text_column is"):
        load_texts(AnalysisConfig.from_flat(options).texts, seed=0)
