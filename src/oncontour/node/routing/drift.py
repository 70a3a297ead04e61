"""Descriptions seen lately that no rule knows: what a new scanner or a renamed protocol looks like first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from oncontour.node.routing.rules import RuleSet


@dataclass(frozen=True)
class Seen:
    """A study that was routed; `rule` is that of the decision."""

    description: str = field(repr=False)
    protocol: str = field(repr=False)
    rule: str | None
    when: datetime


@dataclass(frozen=True)
class Unknown:
    """A description and protocol that only a rule for every study took, or none at all; spelt as seen last."""

    description: str = field(repr=False)
    protocol: str = field(repr=False)
    count: int
    first: datetime
    last: datetime


def drift(seen: Iterable[Seen], rules: RuleSet) -> tuple[Unknown, ...]:
    """What no rule knows, the most frequent first; case of letters and blanks make no difference."""
    groups: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        if one.rule is None or one.rule in rules.catch_alls:
            groups[_plain(one.description), _plain(one.protocol)].append(one)
    unknown = []
    for group in groups.values():
        ordered = sorted(group, key=lambda one: one.when)
        last = ordered[-1]
        unknown.append(Unknown(last.description, last.protocol, len(group), ordered[0].when, last.when))
    return tuple(sorted(unknown, key=lambda one: (-one.count, -one.last.timestamp(), one.description, one.protocol)))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
