"""The corpus is clean and split; a short training lowers the loss, leaves loadable checkpoints and can be resumed."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from training.architectures import BUILDERS, N_HEADS
from training.batches import CLS, IGNORED, MASK, MASKED_SHARE, SEP, causal_batch, masked_batch, masked_loss
from training.corpus import Corpus, read_corpus
from training.evaluation import evaluate
from training.loop import TrainingConfig, train
from training.start import NEIGHBOURS

MODELS = sorted(BUILDERS)
SENTENCES = [
    f"The {noun} of the {place} {verb} the {thing} before the {noun} came back to the {place}."
    for noun in ("keeper", "captain", "painter", "sister")
    for place in ("harbour", "village", "library", "mill")
    for verb in ("counted", "closed", "painted", "forgot")
    for thing in ("boats", "doors", "letters", "clocks", "stairs")
]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(train=SENTENCES[::2], held_out=SENTENCES[1::16], sources=[])


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """A distribution ``shoals`` of 60 modules, one of which repeats another's docstring."""
    package, metadata = tmp_path / "shoals", tmp_path / "shoals-1.5.dist-info"
    (package / "tests").mkdir(parents=True)
    metadata.mkdir()
    names = [ten + one for ten in "abcdef" for one in "abcdefghij"]
    sources = {f"m{i}.py": f'"""Module number{name} sails around the shoals.' for i, name in enumerate(names)}
    sources["tests/test_it.py"] = '"""This docstring of a test is never read by anyone.'
    sources["m59.py"] = sources["m58.py"]
    for name, text in sources.items():
        (package / name).write_text(text + '\n\nWhat every module says is said only once.\n"""\nraise SystemExit\n')
    (package / "broken.py").write_text("def")
    (metadata / "METADATA").write_text("Metadata-Version: 2.4\nName: shoals\nVersion: 1.5\nLicense-Expression: MIT\n")
    files = [*sources, "broken.py", "absent.py"]
    (metadata / "RECORD").write_text("".join(f"shoals/{file},,\n" for file in files))
    monkeypatch.syspath_prepend(tmp_path)
    return "shoals"


def test_each_paragraph_stands_once_and_tests_are_left_out(distribution):
    corpus = read_corpus([distribution], seed=1)
    paragraphs = "\n".join(corpus.train + corpus.held_out).split("\n")
    assert len(corpus.held_out) == 1
    assert len(paragraphs) == len(set(paragraphs)) == 60
    assert not [text for text in paragraphs if "test" in text]
    assert corpus.sources[0] | {"characters": 0} == {
        "name": "shoals", "version": "1.5", "license": "MIT", "characters": 0,
    }  # fmt: skip


def test_excluded_paragraphs_are_in_no_part(distribution):
    said = "What every module says is said only once."
    assert said in "\n".join(read_corpus([distribution]).train)
    corpus = read_corpus([distribution], excluded=[said])
    assert said not in "\n".join(corpus.train + corpus.held_out)


def test_the_split_follows_from_the_seed(distribution):
    assert read_corpus([distribution], seed=3) == read_corpus([distribution], seed=3)
    assert read_corpus([distribution], seed=3) != read_corpus([distribution], seed=4)


def test_a_missing_distribution_is_named():
    with pytest.raises(ValueError, match="no-such-shoals is not installed"):
        read_corpus(["no-such-shoals"])


def test_crops_are_their_own_labels(rng):
    ids, labels = causal_batch(np.arange(100), 10, 4, rng)
    assert ids.shape == (4, 10)
    assert torch.equal(ids, labels)
    assert torch.equal(ids.diff(dim=1), torch.ones(4, 9, dtype=torch.long))


def test_masking_hides_a_share_and_keeps_the_rest(rng):
    stream = np.full(5000, 77)
    ids, labels = masked_batch(stream, 102, 200, rng, vocabulary=1000)
    chosen = labels != IGNORED
    assert (ids[:, 0] == CLS).all()
    assert (ids[:, -1] == SEP).all()
    assert (chosen.sum(dim=1) == int(MASKED_SHARE * 100)).all()
    assert (labels[chosen] == 77).all()
    assert (ids[:, 1:-1][~chosen[:, 1:-1]] == 77).all()
    shares = [(ids[chosen] == MASK).float().mean(), (ids[chosen] == 77).float().mean()]
    np.testing.assert_allclose(shares, [0.8, 0.1], atol=0.02)


def test_the_loss_of_masked_positions_is_the_models_own(corpus, rng):
    _, model = BUILDERS["demo-encoder"](corpus.train)
    ids, labels = masked_batch(rng.integers(5, 300, 500), 32, 2, rng, vocabulary=300)
    own = model(input_ids=ids, labels=labels).loss
    torch.testing.assert_close(masked_loss(model, (ids, labels)), own)


def test_the_first_heads_of_a_new_encoder_look_at_the_neighbours(corpus):
    torch.manual_seed(0)
    _, model = BUILDERS["demo-encoder"](corpus.train)
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        ids = torch.randint(5, model.config.vocab_size, (8, 64))
        attention = model(input_ids=ids, output_attentions=True).attentions[0].mean(dim=0)
    assert attention.shape == (N_HEADS, 64, 64)
    for head, offset in zip(attention, NEIGHBOURS, strict=True):
        assert head.diagonal(offset).mean() > 0.6


@pytest.mark.parametrize("name", MODELS)
def test_a_short_training_lowers_the_loss_and_leaves_loadable_checkpoints(name, corpus, tmp_path):
    losses = {}
    config = TrainingConfig(name, steps=20, batch_tokens=256, warmup=5, every=10, checkpoints=(0,))
    last = train(config, corpus, tmp_path, lambda step, values: losses.update({step: values["held_out_loss"]}))
    assert list(losses) == [0, 10, 20]
    assert losses[20] < losses[0] - 0.5
    assert last == tmp_path / "step-000020"
    for folder in (tmp_path / "step-000000", last):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        loader = AutoModelForMaskedLM if tokenizer.mask_token else AutoModelForCausalLM
        assert loader.from_pretrained(folder).dtype == torch.float16
    values = evaluate(last, corpus, {"one": corpus.held_out[:1]})
    assert values["held_out"] < evaluate(tmp_path / "step-000000", corpus)["held_out"]
    assert values["one_unigram"] > 1
    assert json.loads((last / "config.json").read_text())["vocab_size"] == 4096


def test_an_interrupted_training_goes_on_to_the_same_numbers(corpus, tmp_path):
    config = TrainingConfig("demo-encoder", steps=4, batch_tokens=256, every=2, checkpoints=())
    whole, resumed = {}, {}

    def interrupt(step, values):
        if step == 2:
            raise KeyboardInterrupt

    train(config, corpus, tmp_path / "whole", lambda step, values: whole.update({step: values["held_out_loss"]}))
    with pytest.raises(KeyboardInterrupt):
        train(config, corpus, tmp_path / "cut", interrupt)
    with pytest.raises(ValueError, match="another seed"):
        train(replace(config, seed=1), corpus, tmp_path / "cut", interrupt)
    train(config, corpus, tmp_path / "cut", lambda step, values: resumed.update({step: values["held_out_loss"]}))
    assert resumed == {step: loss for step, loss in whole.items() if step >= 2}


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"model": "gpt5"}, "choose demo-decoder or demo-encoder"), ({"model": "demo-decoder", "steps": 0}, "at least 1")],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**settings)
