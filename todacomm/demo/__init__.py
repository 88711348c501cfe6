"""The bundled models: really trained, small enough to ship, for analyses without a network. Their card: ``CARD.md``."""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent

DEMO_MODELS: dict[str, Path] = {f"demo-{kind}": _FOLDER / kind for kind in ("decoder", "encoder")}
"""Folder of each: config, weights and tokenizer for transformers, and ``training.json``, the record of its training."""
