"""Short names of well-known models; everything else about a model is read from its own config."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """A short name and what stands behind it.

    Attributes
    ----------
    family : str
        The architecture as its config names it.
    hub_id : str
        Repository on the Hugging Face hub; empty for a model that comes with todacomm.
    n_parameters : int
        For listing only.
    """

    name: str
    family: str
    hub_id: str
    n_parameters: int


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("demo-decoder", "gpt2", "", 2_143_488),
        Preset("demo-encoder", "bert", "", 2_164_480),
        Preset("gpt2", "gpt2", "openai-community/gpt2", 124_439_808),
        Preset("distilgpt2", "gpt2", "distilbert/distilgpt2", 81_912_576),
        Preset("bert", "bert", "google-bert/bert-base-uncased", 109_514_298),
        Preset("distilbert", "distilbert", "distilbert/distilbert-base-uncased", 66_985_530),
        Preset("pythia-70m", "gpt_neox", "EleutherAI/pythia-70m", 70_426_624),
        Preset("pythia-160m", "gpt_neox", "EleutherAI/pythia-160m", 162_322_944),
        Preset("pythia-410m", "gpt_neox", "EleutherAI/pythia-410m", 405_334_016),
        Preset("smollm-135m", "llama", "HuggingFaceTB/SmolLM-135M", 134_515_008),
        Preset("smollm-360m", "llama", "HuggingFaceTB/SmolLM-360M", 361_821_120),
        Preset("smollm2-135m", "llama", "HuggingFaceTB/SmolLM2-135M", 134_515_008),
        Preset("smollm2-360m", "llama", "HuggingFaceTB/SmolLM2-360M", 361_821_120),
        Preset("qwen2-0.5b", "qwen2", "Qwen/Qwen2-0.5B", 494_032_768),
        Preset("qwen2.5-0.5b", "qwen2", "Qwen/Qwen2.5-0.5B", 494_032_768),
        Preset("qwen2.5-coder-0.5b", "qwen2", "Qwen/Qwen2.5-Coder-0.5B", 494_032_768),
        Preset("opt-125m", "opt", "facebook/opt-125m", 125_239_296),
        Preset("opt-350m", "opt", "facebook/opt-350m", 331_196_416),
        Preset("gpt-neo-125m", "gpt_neo", "EleutherAI/gpt-neo-125m", 125_198_592),
        Preset("gemma2-2b", "gemma2", "google/gemma-2-2b", 2_614_341_888),
    )
}
