"""Which study goes where: the facts of its headers, and the rules of the site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Engine

from oncontour.node.ledger.seen import note_seen
from oncontour.node.routing.decide import Decision, decide
from oncontour.node.routing.facts import StudyFacts, read_facts
from oncontour.node.routing.rules import RuleSet
from oncontour.node.work.site import Route


def decision_on(files: Iterable[Path], sender: str, rules: RuleSet) -> tuple[StudyFacts, Decision]:
    """What the rules say about the files of a study, and about what."""
    facts = read_facts(files, sender, rules.tags)
    return facts, decide(facts, rules)


def router(rules: RuleSet, base: Engine) -> Callable[[Path, str], Route]:
    """Decides by rules, and remembers the descriptions for `node drift`."""

    def route(images: Path, sender: str) -> Route:
        facts, decision = decision_on(sorted(images.iterdir()), sender, rules)
        note_seen(base, images.name, decision.rule, facts.description, "; ".join(facts.protocols))
        process = decision.process
        return Route(
            decision.action,
            decision.rule,
            process.bundle if process else None,
            process.priority if process else 0,
            process.deliver if process else (),
            decision.reason or None,
        )

    return route
