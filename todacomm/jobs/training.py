"""A callback for transformers' Trainer: the topology of a model's layers while it is trained."""

import csv
import logging
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from io import StringIO
from operator import itemgetter
from typing import Any

import pandas as pd
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from todacomm.analysis.given import given_objects, given_settings
from todacomm.analysis.preflight import check_inputs
from todacomm.core.checks import as_whole
from todacomm.core.facts import RunWarning
from todacomm.core.metrics import LAYER_METRICS, MAIN, RUN_METRICS, layer_metrics
from todacomm.jobs.analyze import measure
from todacomm.models.given import check_tokenizer
from todacomm.results.table import own_rows, records
from todacomm.settings.analysis import AnalysisConfig, RecordConfig
from todacomm.settings.values import OBJECT, parse_value
from todacomm.system.foreign import parsed
from todacomm.texts.given import given_texts

log = logging.getLogger(__name__)

Columns = Mapping[str, Callable[[str], Any]]
"""Columns of a file, each with what reads it from a text."""

NUMBERS = ("value", "se", "lo", "hi", "p", "p_adjusted")
"""Columns of a measured number; the last five are nan without half-samples and null models."""
TABLE: tuple[str, Columns] = (
    "topology.csv",
    {"step": int, "layer": str, "metric": str, **dict.fromkeys(NUMBERS, lambda text: float(text or "nan"))},
)
WARNINGS: tuple[str, Columns] = ("topology_warnings.csv", {"step": int, "layer": str, "code": str, "text": str})
"""The files of the run."""


class TopologyCallback(TrainerCallback):  # type: ignore[misc]
    """Measure the model's clouds every few steps, into the trainer's own MLflow run.

    Each measured number is a series over training steps: ``topology/h1_max_norm/layer_3``, or of the whole run
    ``topology/perplexity/run``. The table of all metrics and steps, with intervals and p where they are asked for, is
    the artifact ``topology.csv`` of the run. Each warning is logged, and listed in ``topology_warnings.csv``, at the
    first step at which it holds for its layer. The model, its mode and the random state of its training stay as they
    are; weights are read where they lie. Where the trainer loads its best model at the end
    (``load_best_model_at_end``), that is measured under its own step, unless it stands there already. A training that
    is resumed from a checkpoint in its run goes on with the tables up to there.

    Parameters
    ----------
    texts : sequence of str, Series, DataFrame or datasets.Dataset
        The texts of every cloud: the same at every step, so that steps are paired.
    tokenizer : PreTrainedTokenizerBase
        The model's.
    every : int
        Steps between two measurements; the first is before the first step, the last after the last.
    metrics : sequence of str
        Metrics of a layer, or of the whole run, that are logged as series; a string is one, or several with commas.
    **options
        Of an analysis, see :func:`todacomm.analyze`; half-samples and null models are left out unless asked for.
        Those of how an analysis is recorded are refused, since the run is the trainer's.

    Raises
    ------
    ValueError
        An option or an object is of the wrong kind, or would have no effect. When the training begins: no MLflow run
        is active, or the trainer has another one of these.
    """

    def __init__(
        self, texts: Any, tokenizer: Any, every: int = 100, metrics: Iterable[str] = MAIN, **options: Any
    ) -> None:
        self.texts, self.tokenizer, self.every = texts, tokenizer, as_whole(every, "every", low=1)
        self.options = {"replicates": 0, "nulls": 0, **options}
        self.metrics = _metrics(metrics, _settings(texts, tokenizer, self.options))
        self.rows: list[dict[str, Any]] = []
        self.warnings: list[dict[str, Any]] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Measure the model that training begins with; one that is resumed has its earlier steps in the run already."""
        if "topology_callback" in vars(state):
            raise ValueError("the trainer has two TopologyCallbacks, which write the same series: leave one out")
        vars(state)["topology_callback"] = self  # a state is of one training, and saves its fields alone
        if state.is_world_process_zero:
            self.rows, self.warnings = (_rows_up_to(state.global_step, *file) for file in (TABLE, WARNINGS))
        self._measure(state, state.global_step, model)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Measure the model where its turn has come, and after the last step."""
        if state.global_step % self.every == 0 or control.should_training_stop:
            self._measure(state, state.global_step, model)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Measure the model after the last step, where another callback has made it the last."""
        if control.should_training_stop:
            self._measure(state, state.global_step, model)

    on_evaluate = on_save = on_epoch_end

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Measure the trained model: by now it may have the weights of its best step again."""
        if not (args.load_best_model_at_end and state.best_model_checkpoint):
            self._measure(state, state.global_step, model)
        elif not state.is_hyper_param_search:  # a trial that is pruned ends before they are loaded
            self._measure(state, _step_of(state.best_model_checkpoint), model)

    def _measure(self, state: TrainerState, step: int, model: Any) -> None:
        if not state.is_world_process_zero or step in {row["step"] for row in self.rows}:
            return
        from todacomm.tracking import log_to_active_run

        config, observe = given_objects(self.tokenizer, self.texts, {"model": model, **self.options})
        result = measure(config, observe=observe, run=observe)
        table = own_rows(result.table)
        layers = table[table["metric"].isin(self.metrics)]
        numbers = {
            f"topology/{metric}/{layer}": value
            for layer, metric, value in zip(layers["layer"], layers["metric"], layers["value"], strict=True)
        }
        self.rows += records(table.assign(step=step)[list(TABLE[1])])
        self.rows.sort(key=itemgetter("step"))
        self._warn(step, result.warnings)
        files = {name: rows for (name, _), rows in ((TABLE, self.rows), (WARNINGS, self.warnings)) if rows}
        log_to_active_run(numbers, step, {name: pd.DataFrame(rows).to_csv(index=False) for name, rows in files.items()})

    def _warn(self, step: int, warnings: Iterable[RunWarning]) -> None:
        """Show and keep each kind of warning of each layer where it is new."""
        known = {(row["layer"], row["code"]) for row in self.warnings}
        for warning in warnings:
            if (warning.layer, warning.code) not in known:
                log.warning("step %d: %s", step, warning)
                self.warnings.append({"step": step, **warning._asdict()})


def _settings(texts: Any, tokenizer: Any, options: Mapping[str, Any]) -> AnalysisConfig:
    """What every measurement has in common, checked before the training begins."""
    given = [name for name in ("model", *RecordConfig.options()) if name in options and name != "seed"]
    if given:
        raise ValueError(f"{', '.join(given)} would have no effect: model and run are the trainer's; leave it out")
    check_tokenizer(tokenizer)
    config = given_settings(texts, {"model": f"{OBJECT}trained", **options})
    check_inputs(config)
    if texts is not None:
        given_texts(texts, config.texts)
    return config


def _metrics(names: Any, config: AnalysisConfig) -> tuple[str, ...]:
    """Names of metrics, each of which is measured with these settings."""
    known = [*layer_metrics(config.topology.maxdim, landmarks=config.topology.landmarks > 0), *RUN_METRICS]
    beside = {"texts", "halves"} if config.has_intervals and config.inference.loops else {"texts"}
    known += [name for name, row in LAYER_METRICS.items() if row.of in beside]
    names = list(names) if isinstance(names, Iterable) and not isinstance(names, str) else names
    chosen: tuple[str, ...] = parse_value("metrics", names, tuple[str, ...], {})
    for name in chosen:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(known)}"
            raise ValueError(f"metrics has {name!r}, which is not measured here: {hint}")
    return chosen


def _rows_up_to(step: int, name: str, columns: Columns) -> list[dict[str, Any]]:
    """What the active run has of the steps before a training is resumed; nothing where it begins."""
    from todacomm.tracking import read_from_active_run

    text = read_from_active_run(name)
    if not text or not step:
        return []
    with parsed(name, "the topology of earlier steps", "resume the training in another MLflow run"):
        lines = csv.DictReader(StringIO(text))
        rows = [{column: kind(line.get(column, "")) for column, kind in columns.items()} for line in lines]
    return [row for row in rows if row["step"] <= step]


def _step_of(checkpoint: str) -> int:
    """The step that stands in the name of a checkpoint.

    >>> _step_of("trained/checkpoint-500")
    500
    """
    return int(checkpoint.rpartition("-")[2])
