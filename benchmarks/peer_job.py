"""What todacomm 0.1.0 is asked to do, run by the interpreter of its own environment: nothing of ours is imported.

PEER_PYTHON peer_job.py job MODEL_FOLDER TEXTS_JSON LAYERS_JSON FOLDER    # its whole experiment, into FOLDER
PEER_PYTHON peer_job.py totals CLOUDS_NPZ                                 # its H0 totals of given clouds, as JSON
PEER_PYTHON peer_job.py bootstrap CLOUD_NPZ REPLICATES                    # its bootstrap of one cloud, timed
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

MAX_LENGTH, PCA, SEED = 128, 50, 42


def job(model_folder, texts_file, layers_file, folder):
    """The published experiment on these texts: its loader gets them in the place of the hub's, all else is its own."""
    import datasets
    from pipeline import unified_pipeline
    from todacomm.data import language_datasets

    rows = [{"text": text} for text in json.loads(Path(texts_file).read_text())]
    splits = {"train": rows[:1], "validation": rows[:1], "test": rows}
    language_datasets.load_dataset = datasets.load_dataset = lambda *args, **kwargs: splits
    os.chdir(folder)
    config = unified_pipeline.ExperimentConfig(
        experiment_name="peer",
        model={"type": "gpt2", "name": model_folder, "task": "lm"},
        dataset={
            "name": "wikitext2", "task": "lm", "tokenizer": model_folder, "max_length": MAX_LENGTH,
            "num_samples": len(rows), "batch_size": 8, "split_ratios": (1.0, 1.0, 1.0),
        },
        analysis_layers=json.loads(layers_file),
        tda=_settings(len(rows)),
        extraction={"max_samples": len(rows), "pool_strategy": "last", "device": "cpu"},
    )  # fmt: skip
    config.save("config.yaml")
    Path("config.yaml").write_text(json.dumps(config.to_dict()))
    _, analysis = unified_pipeline.run_experiment("config.yaml")
    if analysis.get("status") == "no_data":
        sys.exit("the published package's run failed: see what it printed above")


def totals(clouds_file):
    """Total H0 persistence of every cloud by the published arithmetic."""
    from todacomm.tda.persistence import TDAConfig, compute_persistence, summarize_diagrams

    by_cloud = {}
    with np.load(clouds_file) as clouds:
        for name in clouds.files:
            config = TDAConfig(**_settings(len(clouds[name])))
            summary = summarize_diagrams(compute_persistence(clouds[name], config, seed=SEED)["dgms"])
            by_cloud[name] = summary["H0_total_persistence"]
    print(json.dumps(by_cloud))


def bootstrap(cloud_file, replicates):
    """Seconds of the published bootstrap of one cloud, and its estimate of the H0 total."""
    from todacomm.tda.persistence import TDAConfig, bootstrap_persistence_ci

    with np.load(cloud_file) as stored:
        cloud = stored["cloud"]
    start = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        estimate = bootstrap_persistence_ci(cloud, TDAConfig(**_settings(len(cloud))), int(replicates), seed=SEED)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "h0_total": estimate.point_estimate["H0_total_persistence"]}))


def _settings(n_points):
    return {"maxdim": 1, "metric": "euclidean", "pca_components": PCA, "max_points": n_points}


if __name__ == "__main__":
    {"job": job, "totals": totals, "bootstrap": bootstrap}[sys.argv[1]](*sys.argv[2:])
