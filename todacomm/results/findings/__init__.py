"""What the numbers of an analysis say, as data: kinds, layers and values, no words."""

from todacomm.results.findings.controls import of_controls
from todacomm.results.findings.finding import Finding
from todacomm.results.findings.limits import of_limits, why_no_null
from todacomm.results.findings.nulls import of_bars, of_count, of_loops, of_totals
from todacomm.results.findings.scale import growth, of_dimension, of_scale
from todacomm.results.findings.soundness import of_soundness
from todacomm.results.result import Result


def findings(result: Result) -> tuple[Finding, ...]:
    """Everything that follows from the tables of an analysis.

    Nothing here depends on the scale of the activations. A layer with fewer than half of its points distinct is left
    out of every claim. A difference from a null model is claimed at an adjusted p of at most .05; what is not detected
    may still be there.
    """
    depth = result.depth
    made = [*of_soundness(result, depth)]
    if depth.sound.any():
        made += of_loops(result, depth)
        made += of_bars(depth)
        made += of_count(depth)
        made += of_totals(depth)
        made += of_scale(result, depth)
        made += of_dimension(depth)
        made += of_controls(result, depth)
    for stream in depth.streams.values():
        made += of_loops(result, stream)
        made += of_bars(stream)
    kinds = {finding.kind for finding in made}
    if "long_bars" in kinds and not kinds & {"loops", "no_loops"}:
        made.append(Finding("necessary_only"))
    return (*made, *of_limits(result, depth))


def main_findings(result: Result) -> tuple[Finding, ...]:
    """The few findings of a headline: growth over depth, and what may be claimed of the H1 bars of every stream."""
    depth = result.depth
    if not depth.sound.any():
        return (Finding("nothing_readable"),)
    bars = [finding for line in depth.all() for finding in (of_loops(result, line) or of_bars(line))[:1]]
    if bars and {finding.kind for finding in bars} in ({"no_loops"}, {"no_long_bars"}):
        bars = [Finding(bars[0].kind, tuple(layer for finding in bars for layer in finding.layers), bars[0].values)]
    tested = bars or of_totals(depth)[:1] or [Finding("no_null", values={"reason": why_no_null(result)})]
    return (*growth(result), *tested)
