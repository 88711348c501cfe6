"""Compare models from Python: two analyses, the tables between them, and the recorded comparison.

    python docs/examples/comparing_models.py

It analyses the bundled decoder with trained and with random weights on the running Python's documentation, offline,
into the tracking store of the current folder (about half a minute).
"""

import todacomm
from todacomm import comparison


def main(samples: int = 100, replicates: int = 40) -> None:
    """Analyse twice, compare, and print what the tables say."""
    for weights in ("trained", "random"):
        todacomm.analyze(model="demo-decoder", weights=weights, samples=samples, replicates=replicates, nulls=0)

    # Choose from the store: globs of names, a data set, weights, tags, or run ids. Different settings are refused.
    gathered = comparison.gather(models="demo-*")
    print(gathered.runs[["label", "weights", "points", "bits_per_byte"]].to_string(index=False))

    # Each table of the report is a function that returns its frame.
    ranks = comparison.ranking(gathered, metrics=("h0_total_norm",))
    print("\nH0 with scale divided out, mean over the blocks:")
    print(ranks[["rank", "rank_lo", "rank_hi", "label", "value", "lo", "hi"]].round(3).to_string(index=False))

    differences = comparison.paired_differences(gathered, metrics=("h0_total_norm",))
    stand = differences[differences["p_adjusted"] <= 0.05]
    print(f"\nTraining made a difference in {len(stand)} of {len(differences)} layers:")
    print(stand[["layer_a", "difference", "se", "p_adjusted"]].round(3).to_string(index=False))

    alike, warnings = comparison.similarity(gathered)
    cka = alike[alike["measure"] == "cka"].pivot(index="layer_a", columns="layer_b", values="value")
    print(f"\nCKA of trained (rows) and random (columns) layers: at most {cka.max(axis=None):.2f}")

    # The same as a run in MLflow, with figures and a report in markdown and HTML.
    recorded, run = todacomm.compare(models="demo-*", rtd_points=50)
    print(f"\nrecorded as run {run.run_id}: {len(recorded.tables)} tables")
    for warning in (*warnings, *recorded.warnings):
        print("warning:", warning)


if __name__ == "__main__":
    main()
