"""The base of all settings, on those of every job: names, defaults, help, protocols."""

from dataclasses import dataclass, field, replace

import pytest

from todacomm.core.nulls import NULLS, Null
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.settings.base import HOW, NOTHING, WHICH, Settings, describe_options, option
from todacomm.settings.comparison import ComparisonConfig
from todacomm.settings.convergence import MEANINGLESS, ConvergenceConfig
from todacomm.settings.gate import GateConfig
from todacomm.settings.sweep import SweepConfig
from todacomm.settings.values import as_lines, from_lines, spelled

JOBS = [AnalysisConfig, ComparisonConfig, ConvergenceConfig, SweepConfig, GateConfig]
every_job = pytest.mark.parametrize("settings", JOBS, ids=lambda job: job.__name__)


@every_job
def test_every_option_has_help_and_a_default_that_its_own_spelling_gives(settings):
    default = settings()
    assert settings.from_flat(default.to_flat()) == default
    for name, one in settings.options().items():
        assert one.help
        assert one.decides in ("which", "how", "beside", "nothing")
        if not settings.from_flat({name: spelled(one.default)}) == default:
            raise AssertionError(f"{name} is not what it was when typed as {one.default_text!r}")


@every_job
def test_an_unknown_name_is_an_error_that_names_the_nearest(settings):
    first = next(iter(settings.options()))
    with pytest.raises(ValueError, match=f"unknown option '{first}x': did you mean {first}?"):
        settings.from_flat({f"{first}x": 1})


def test_a_convergence_has_the_options_of_an_analysis_but_for_those_without_a_meaning():
    options = ConvergenceConfig.options()
    assert [name for name, one in options.items() if not one.offered] == [n for n in OPTIONS if n in MEANINGLESS]
    assert set(options) == {*OPTIONS, "sizes", "pcas", "repeats"}
    assert ConvergenceConfig.from_flat({"nulls": 3}).analysis.inference.nulls == 3


def test_a_sweep_has_lists_in_the_place_of_what_is_for_one_analysis():
    options = SweepConfig.options()
    assert set(OPTIONS) - set(options) == {"model", "dataset", "revision"}
    assert options["weights"].default == ("trained",)
    assert SweepConfig.load(None, {"protocol": "todacomm-0.1"}).datasets == ("wikitext2",)
    assert SweepConfig.load(None, {"weights": "random"}).analysis.model.weights == "trained"


def test_a_list_from_a_file_is_read_once(tmp_path):
    path = tmp_path / "models.txt"
    path.write_text("# mine\ngpt2\n\nbert  # the second\ngpt2\n")
    config = SweepConfig.load(None, {"models": f"@{path}"})
    path.unlink()
    assert config.models == ("gpt2", "bert", "gpt2")


def test_a_comparison_knows_its_tags_and_steps():
    config = ComparisonConfig(tags="a=1, b=x=y", steps="main=143000,step10")
    assert config.given_tags() == {"a": "1", "b": "x=y"}
    assert config.given_steps() == {"main": 143000, "step10": 10}
    with pytest.raises(ValueError, match="tags has 'a': expected key=value"):
        ComparisonConfig(tags="a")
    for entry in ("main=abc", "main"):
        with pytest.raises(ValueError, match=f"^steps has '{entry}': expected NAME=STEP with a whole number"):
            ComparisonConfig(steps=entry)


def test_an_option_is_one_field_of_its_class():
    """Its name, type, default, help, checks, place in the digest and text in a docstring follow."""

    @dataclass(frozen=True, slots=True)
    class Inner(Settings):
        """What is inside."""

        depth: int = option(3, "how deep", low=1)
        place: str = option("here", "where it runs", decides=NOTHING)

    @dataclass(frozen=True, slots=True)
    class Outer(Settings):
        """What is outside."""

        names: tuple[str, ...] = option((), "of what", decides=WHICH)
        inner: Inner = field(default_factory=Inner)

    assert list(Outer.options()) == ["names", "depth", "place"]
    assert Outer.options()["depth"].section == "What is inside"
    assert Outer.options()["depth"].decides == HOW
    config = Outer.from_flat({"depth": "5", "names": "a,b"})
    assert config == Outer(("a", "b"), Inner(5))
    assert config.numbers() == {"names": ("a", "b"), "depth": 5}
    assert "depth : int, default 3\n    how deep" in describe_options(Outer)
    with pytest.raises(ValueError, match="depth is 0: expected at least 1"):
        Outer.from_flat({"depth": 0})


def test_a_null_model_is_one_row_of_its_registry(monkeypatch):
    """Its name is a choice, and stands in the help."""
    monkeypatch.setitem(NULLS, "scrambled", Null(space="cloud", label="scrambled", shows="nothing"))
    assert AnalysisConfig.from_flat({"null_kinds": "rotation,scrambled"}).inference.null_kinds == (
        "rotation",
        "scrambled",
    )
    assert "scrambled" in OPTIONS["null_kinds"].help
    monkeypatch.setitem(NULLS, "scrambled", Null(space="model", label="scrambled", shows="nothing"))
    with pytest.raises(ValueError, match="null_kinds has scrambled: clouds from a file have no model"):
        AnalysisConfig.from_flat({"null_kinds": "scrambled", "model": "clouds:a.npz"})


def test_the_functions_of_the_library_list_their_options():
    import todacomm

    functions = {todacomm.analyze: AnalysisConfig, todacomm.compare: ComparisonConfig}
    functions |= {todacomm.converge: ConvergenceConfig, todacomm.sweep: SweepConfig}
    for function, settings in functions.items():
        for name, one in settings.options().items():
            assert (f"    {name} : " in function.__doc__) == one.offered
            assert not one.offered or one.help in function.__doc__


def test_a_value_of_several_lines_is_one_line_among_all_options():
    prompt = "Be brief.\nsamples=7" + "!" * 1000
    assert from_lines(as_lines({"system": prompt, "samples": 500})) == {
        "system": "Be brief. samples=7" + "!" * 181 + "...",
        "samples": "500",
    }


@every_job
def test_a_text_that_no_store_can_hold_is_refused(settings):
    """The name of a file in Latin-1, as Python reads it: not the fault of the store."""
    with pytest.raises(ValueError, match="which is not in UTF-8"):
        settings.from_flat({"run_name": b"caf\xe9".decode(errors="surrogateescape")})


def test_settings_remember_which_options_were_given(tmp_path):
    """Also at their defaults, in a file or by name; those of a protocol were not, and settings are equal without it."""
    path = tmp_path / "options.yaml"
    path.write_text("pca: 50\n")
    config = AnalysisConfig.load(path, {"samples": 500})
    assert config.typed == {"pca", "samples"}
    assert config == AnalysisConfig()
    assert config.digest() == AnalysisConfig().digest()
    assert replace(config, texts=config.texts).typed == config.typed
    assert AnalysisConfig.load(None, {"protocol": "todacomm-0.1"}).typed == {"protocol"}
    assert GateConfig.load(None, {"base": "a", "samples": 500}).analysis.typed == {"base", "samples"}
    assert "typed" not in AnalysisConfig.options()


def test_the_help_of_a_gates_places_names_every_measure():
    """Written out: to know them takes imports that a help does without."""
    places = GateConfig.options()["places"]
    assert places.help.rpartition(": ")[2].split(", ") == [name for name in places.choices if name != "none"]
