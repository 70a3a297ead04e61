"""Facts and rules -> a decision, with every rule that was tried and what it found. Pure: no files, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from oncontour.node.routing.facts import StudyFacts
from oncontour.node.routing.patterns import found_in
from oncontour.node.routing.rules import Condition, Process, Rule, RuleSet

Action = Literal["process", "ignore", "hold"]

NO_RULE = "No rule knows this study."


@dataclass(frozen=True)
class Check:
    """One condition of a rule: whether it held, and in words what it asked and what it found."""

    held: bool
    asked: str
    found: str = field(repr=False)


@dataclass(frozen=True)
class Tried:
    """One rule that was tried; `checks` in the order of its conditions."""

    rule: str
    held: bool
    checks: tuple[Check, ...] = field(repr=False)


@dataclass(frozen=True)
class Decision:
    """Where a study goes. Nothing in its `repr` comes from the study.

    Args:
        rule: name of the rule that decided, None where none held.
        process: what to run, of an action "process".
        reason: for the person who looks at a study on hold, in the words of the rule.
        tried: the rules up to the one that decided.
    """

    action: Action
    rule: str | None
    process: Process | None
    reason: str
    tried: tuple[Tried, ...] = field(repr=False)


def decide(facts: StudyFacts, rules: RuleSet) -> Decision:
    """The first rule whose conditions all hold decides; a study that none knows is held."""
    tried: list[Tried] = []
    for rule in rules.rules:
        checks = tuple(_checks(rule.when, facts)) if rule.when else ()
        tried.append(Tried(rule.name, all(check.held for check in checks), checks))
        if tried[-1].held:
            return _decision(rule, tuple(tried))
    return Decision("hold", None, None, NO_RULE, tuple(tried))


def _decision(rule: Rule, tried: tuple[Tried, ...]) -> Decision:
    if rule.then.process:
        return Decision("process", rule.name, rule.then.process, "", tried)
    if rule.then.hold:
        return Decision("hold", rule.name, None, rule.then.hold, tried)
    return Decision("ignore", rule.name, None, "", tried)


def _checks(condition: Condition, facts: StudyFacts) -> Iterator[Check]:
    """One check for each condition that is set."""
    everything = (facts.description, *facts.protocols, *facts.series)
    searched = (
        ("any description or protocol", condition.text, everything),
        ("study description", condition.description, (facts.description,)),
        ("protocol", condition.protocol, facts.protocols),
        ("series description", condition.series, facts.series),
        ("sender", condition.sender, (facts.sender,)),
        *((keyword, pattern, facts.tags.get(keyword, ())) for keyword, pattern in (condition.tags or {}).items()),
    )
    for what, pattern, texts in searched:
        if pattern is not None:
            yield _search(what, pattern, texts)
    listed = (
        ("body part", condition.body_part, facts.body_parts),
        ("modality", condition.modality, facts.modalities),
        ("sequences", condition.has, facts.sequences),
        ("contrast agent", condition.contrast, (facts.contrast,)),
    )
    for what, wanted, there in listed:
        if wanted is not None:
            held = bool({str(one).upper() for one in wanted} & {str(one).upper() for one in there})
            yield Check(held, f"{what}: one of {_told(wanted)}", _told(there))
    if condition.has_all is not None:
        held = set(condition.has_all) <= facts.sequences
        yield Check(held, f"sequences: all of {_told(condition.has_all)}", _told(facts.sequences))
    if condition.brain is not None:
        yield Check(facts.brain == condition.brain, f"may be a head: {_yes(condition.brain)}", _yes(facts.brain))
    yield from _ages(condition, facts.age_years)
    yield from _combined(condition, facts)


def _ages(condition: Condition, age: float | None) -> Iterator[Check]:
    found = "unknown" if age is None else f"{age:.1f} years"
    if condition.age_known is not None:
        yield Check((age is not None) == condition.age_known, f"age known: {_yes(condition.age_known)}", found)
    if condition.younger_than is not None:
        yield Check(age is not None and age < condition.younger_than, f"age: under {condition.younger_than:g}", found)
    if condition.at_least is not None:
        yield Check(age is not None and age >= condition.at_least, f"age: {condition.at_least:g} or more", found)


def _combined(condition: Condition, facts: StudyFacts) -> Iterator[Check]:
    if condition.any_of is not None:
        inner = [tuple(_checks(one, facts)) for one in condition.any_of]
        held = [checks for checks in inner if all(check.held for check in checks)]
        told = held or inner
        asked = "one of: " + "; or ".join(" and ".join(check.asked for check in checks) for checks in told)
        yield Check(bool(held), asked, "; ".join(dict.fromkeys(check.found for checks in told for check in checks)))
    if condition.none_of is not None:
        checks = tuple(_checks(condition.none_of, facts))
        asked = "not: " + " and ".join(check.asked for check in checks)
        yield Check(not all(c.held for c in checks), asked, "; ".join(dict.fromkeys(c.found for c in checks)))


def _search(what: str, pattern: str, texts: Iterable[str]) -> Check:
    """Where it is found, the texts that it was found in are told; else all."""
    texts = tuple(filter(None, texts))
    found = [text for text in texts if found_in(pattern, text)]
    return Check(bool(found), f"{what}: matches {pattern}", _told(map(repr, found or texts)))


def _told(values: Iterable[object]) -> str:
    return ", ".join(sorted(str(value) for value in values)) or "nothing"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
