"""What can be wrong with an analysis and costs nothing to see: looked at before any heavy import."""

import os
from pathlib import Path

from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.values import OBJECT, OWN_CLOUDS
from todacomm.system.foreign import check_regular


def check_inputs(config: AnalysisConfig) -> None:
    """Whether the names of model and texts mean something, and the files behind them are there.

    Raises
    ------
    ValueError
        They do not; answered in well under a second, without torch, MLflow or the texts.
    """
    from todacomm.models.sources import find_source, hub_id_of, local_folder
    from todacomm.texts.sources import DATASETS, unknown_dataset

    model, dataset = config.model.model, config.texts.dataset
    if model.startswith(OWN_CLOUDS):
        if not model.removeprefix(OWN_CLOUDS).startswith(OBJECT):
            check_regular(Path(os.path.expanduser(model.removeprefix(OWN_CLOUDS))))
        return
    if config.topology.distances:
        raise ValueError(f"distances=true is for model=clouds:FILE, model is {model}")
    if model.startswith(OBJECT) or dataset.startswith(OBJECT):
        return
    if not os.path.isfile(os.path.expanduser(model)):
        if local_folder(model, config.model.revision) is None:
            hub_id_of(model)
        else:
            trained = config.model.weights == "trained"
            find_source(model, config.model.revision, weights=trained, allow_pickle=config.model.allow_pickle)
    if dataset not in DATASETS and not dataset.startswith("hf:") and not os.path.exists(os.path.expanduser(dataset)):
        raise ValueError(unknown_dataset(dataset))
