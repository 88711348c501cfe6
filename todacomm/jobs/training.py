"""A callback for transformers' Trainer: the topology of a model's layers while it is trained."""

import csv
from io import StringIO
from operator import itemgetter
from typing import Any

import pandas as pd
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from todacomm.analysis.given import given_objects
from todacomm.core.metrics import MAIN
from todacomm.jobs.analyze import measure
from todacomm.results.table import own_rows, records
from todacomm.system.foreign import parsed

TABLE = "topology.csv"


class TopologyCallback(TrainerCallback):  # type: ignore[misc]
    """Measure the model's clouds every few steps, into the trainer's own MLflow run.

    Each measured number is a series over training steps: ``topology/h1_max_norm/layer_3``, and ``topology/nll`` beside
    them. The table of all metrics and steps is the artifact ``topology.csv`` of the run. The model, its mode and the
    random state of its training stay as they are; weights are read where they lie. Where the trainer loads its best
    model at the end (``load_best_model_at_end``), that is measured under its own step, unless it stands there already.
    A training that is resumed from a checkpoint in its run goes on with the table where the checkpoint is.

    Parameters
    ----------
    texts : sequence of str, Series, DataFrame or datasets.Dataset
        The texts of every cloud: the same at every step, so that steps are paired.
    tokenizer : PreTrainedTokenizerBase
        The model's.
    every : int
        Steps between two measurements; the first is before the first step, the last after the last.
    metrics : sequence of str
        Layer metrics that are logged as series.
    **options
        Of an analysis, see :func:`todacomm.analyze`; half-samples and null models are left out unless asked for.

    Raises
    ------
    ValueError
        An option or an object is of the wrong kind; when the training begins, no MLflow run is active, or the trainer
        has another one of these.
    """

    def __init__(
        self, texts: Any, tokenizer: Any, every: int = 100, metrics: tuple[str, ...] = MAIN, **options: Any
    ) -> None:
        if every < 1:
            raise ValueError(f"every is {every}: expected a number of steps, at least 1")
        self.texts, self.tokenizer, self.every, self.metrics = texts, tokenizer, every, tuple(metrics)
        self.options = {"replicates": 0, "nulls": 0, **options}
        self.rows: list[dict[str, Any]] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Measure the model that training begins with; one that is resumed has its earlier steps in the run already."""
        if "topology_callback" in vars(state):
            raise ValueError("the trainer has two TopologyCallbacks, which write the same series: leave one out")
        vars(state)["topology_callback"] = self  # a state is of one training, and saves its fields alone
        self.rows = _rows_up_to(state.global_step) if state.is_world_process_zero else []
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
        table = own_rows(measure(config, observe=observe, run=observe).table)
        layers = table[table["metric"].isin(self.metrics)]
        numbers = {
            f"topology/{metric}/{layer}": value
            for layer, metric, value in zip(layers["layer"], layers["metric"], layers["value"], strict=True)
        }
        self.rows += records(table.assign(step=step)[["step", "layer", "metric", "value"]])
        self.rows.sort(key=itemgetter("step"))
        log_to_active_run(numbers, step, {TABLE: pd.DataFrame(self.rows).to_csv(index=False)})


def _rows_up_to(step: int) -> list[dict[str, Any]]:
    """What the active run has of the steps before a training is resumed; nothing where it begins."""
    from todacomm.tracking import read_from_active_run

    text = read_from_active_run(TABLE)
    if not text or not step:
        return []
    with parsed(TABLE, "the topology of earlier steps", "resume the training in another MLflow run"):
        rows = [row for row in csv.DictReader(StringIO(text)) if int(row["step"]) <= step]
        return [{**row, "step": int(row["step"]), "value": float(row["value"] or "nan")} for row in rows]


def _step_of(checkpoint: str) -> int:
    """The step that stands in the name of a checkpoint.

    >>> _step_of("trained/checkpoint-500")
    500
    """
    return int(checkpoint.rpartition("-")[2])
