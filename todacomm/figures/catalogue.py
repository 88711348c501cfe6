"""The figures of an analysis by name: title, and the sentence that says how to read each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader is told about a figure."""

    title: str
    reading: str


FIGURES: dict[str, Entry] = {
    "summary": Entry(
        "The model at a glance",
        "Top row: shape with scale divided out; a curve inside the grey band is what the covariance alone gives, and "
        "its distance from a dashed one with random weights is what training did. Bottom row: raw numbers, the scale "
        "they follow, and whether the clouds are sound enough to be read at all.",
    ),
    "layer_persistence": Entry(
        "Persistence by layer",
        "One column a degree (H0: pieces, H1: loops): the raw numbers on top grow with the norm of the activations, "
        "the scale-free ones below do not; entropy near 1 means bars of even length.",
    ),
    "betti_curves": Entry(
        "Betti curves",
        "How many pieces (H0) and loops (H1) are there when points closer than the scale are joined; where a curve "
        "falls late, the cloud hangs together late, and shaded bands are 95 % intervals.",
    ),
    "spectra": Entry(
        "Spectra over depth",
        "Share of the variance by principal direction: a steep curve means few directions; the middle panel counts how "
        "many are needed, the right one is the slope fitted within the shaded ranks.",
    ),
    "intrinsic_dimension": Entry(
        "Intrinsic dimension over scale and depth",
        "The dimension a small neighbourhood sees (left) usually falls as the neighbourhood widens; one number a layer "
        "means little where its curve on the left is not flat.",
    ),
    "diagram": Entry(
        "Persistence diagram of one layer",
        "Each mark is a bar, the higher above the diagonal the longer; a loop above the dashed line outlives the "
        "longest one of 97.5 % of this layer's rotated clouds. Axes are the same in every layer.",
    ),
    "barcode": Entry(
        "Barcode of one layer",
        "Each line is a bar from birth to death: long lines over a short-lived crowd are structure, the crowd is what "
        "noise has too. Axes are the same in every layer.",
    ),
}

STREAMS_READING = (
    " Attention and ffn are what each block's attention and MLP add to the residual stream; the grey band and random "
    "weights are the residual stream's."
)
"""Said of the model at a glance where these are shown."""
