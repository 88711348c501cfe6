"""What a sweep says while it goes on: its plan, and one line an analysis."""

from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.estimate import total
from todacomm.sweeps.plan import Item, Plan
from todacomm.sweeps.worker import DONE, FAILED, Outcome
from todacomm.system.units import count, format_bytes, format_seconds

_SHOWN = 30


def describe_plan(config: SweepConfig, plan: Plan) -> str:
    """The analyses, which of them are finished already, and what the others will take."""
    from todacomm.sweeps.work import budget, waves, workers_of

    missing = plan.missing
    lines = [f"{count(len(plan.items), 'analysis', 'analyses')}, {len(plan.items) - len(missing)} finished already:"]
    for item in plan.items[:_SHOWN]:
        state = f"finished, run {item.run_id}" if item.run_id else f"about {format_seconds(item.cost.seconds)}"
        lines.append(f"  {item.name:<44} {state}")
    if len(plan.items) > _SHOWN:
        lines.append(f"  ... and {len(plan.items) - _SHOWN} more")
    lines += [f"note: {note}" for note in plan.notes]
    if missing:
        memory = budget(config)
        grouped = waves(missing, workers_of(config, len(missing)), memory)
        workers = grouped[0][0]
        cost = total([item.cost for item in missing], workers)
        downloads = {(i.config.model.model, i.config.model.revision): i.cost.download for i in missing}
        allowed = f"{format_bytes(memory)} allowed" if memory else "the cluster decides what is allowed"
        lines.append(
            f"estimate, right within a factor of about three on a CPU: {format_seconds(cost.seconds)}, {workers} at "
            f"once, {format_bytes(cost.memory)} of memory ({allowed}), {format_bytes(sum(downloads.values()))} of "
            "weights to download" + _then_compared(plan)
        )
        alone = [item.name for item in missing if memory and item.cost.memory > memory]
        if alone:
            lines.append(f"note: {', '.join(alone[:5])} may not fit into memory: each is done by itself")
    elif plan.comparison:
        lines.append(f"estimate: nothing to analyse{_then_compared(plan)}")
    return "\n".join(lines)


def _then_compared(plan: Plan) -> str:
    return f"; then {format_seconds(plan.comparison)} to compare them" if plan.comparison else ""


def describe_outcome(item: Item, outcome: Outcome, n_done: int, n_items: int) -> str:
    """One line on an analysis that has ended."""
    how = {DONE: f"done in {outcome.seconds:.1f} s", FAILED: f"failed: {outcome.reason}"}
    return f"[{n_done} of {n_items}] {item.name}: {how.get(outcome.status, 'finished before')}"
