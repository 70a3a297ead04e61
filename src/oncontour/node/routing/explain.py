"""A decision in plain lines, for the person at the node. It quotes descriptions: never write it into a log."""

from __future__ import annotations

from oncontour.node.routing.decide import Decision


def explain(decision: Decision) -> str:
    """What was decided, by which rule, and each rule that was tried with what it asked and found."""
    lines = [_headline(decision), ""]
    for number, tried in enumerate(decision.tried, start=1):
        lines.append(f"{number}. {tried.rule}: {'holds' if tried.held else 'does not hold'}")
        lines += [f"   {'+' if one.held else '-'} {one.asked}; found {one.found}" for one in tried.checks]
        lines += ["   + holds for every study"] if not tried.checks else []
    return "\n".join(lines)


def _headline(decision: Decision) -> str:
    by = f" (rule {decision.rule!r})" if decision.rule else ""
    if decision.process is None:
        return "Ignored" + by if decision.action == "ignore" else f"Held{by}: {decision.reason}"
    places = f", delivered also to {', '.join(decision.process.deliver)}" if decision.process.deliver else ""
    return f"Processed with bundle {decision.process.bundle}, priority {decision.process.priority}{places}{by}"
