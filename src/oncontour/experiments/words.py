"""Values of plans in words."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """A value of a plan on one line.

    >>> shown({"name": "sgd", "rates": [0.1, 1e-05]}), shown(None), shown([])
    ('name sgd, rates 0.1 1e-05', 'none', 'none')
    >>> shown([{"name": "mirror", "probability": 0.5}, {"name": "noise"}]), shown(True)
    ('mirror (probability 0.5); noise', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ([], (), {}):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        if all(isinstance(item, dict) for item in value):
            return "; ".join(_item(item) for item in value)
        return " ".join(shown(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _item(item: dict[str, Any]) -> str:
    first, *others = item.items()
    told = ", ".join(f"{name} {shown(inner)}" for name, inner in others if inner not in ({}, None, []))
    return f"{shown(first[1])} ({told})" if told else shown(first[1])
