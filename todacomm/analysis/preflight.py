"""What can be wrong with an analysis and costs nothing to see: looked at before any heavy import."""

import os.path

from todacomm.settings.analysis import AnalysisConfig, TextsConfig
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

    model, dataset = config.model.model, config.texts.dataset
    if clouds := config.model.clouds_file:
        if not model.removeprefix(OWN_CLOUDS).startswith(OBJECT):
            check_regular(clouds)
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
    check_dataset(config.texts)


def check_dataset(config: TextsConfig) -> None:
    """Whether the name of a data set means something: one of ours, a file, or a data set on the hub.

    Raises
    ------
    ValueError
        It does not.
    """
    from todacomm.texts.hub import parse_name
    from todacomm.texts.sources import DATASETS, unknown_dataset

    dataset = config.dataset
    if dataset.startswith("hf:"):
        parse_name(dataset, config.text_column)
    elif dataset not in DATASETS and not os.path.exists(os.path.expanduser(dataset)):
        raise ValueError(unknown_dataset(dataset))
