"""Say which sequence a series is, and why, from its header alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision
from oncontour.dicom.facts import facts_of
from oncontour.dicom.rules import CONTRAST_RULES, FAIR, RULES, STRONG, T1
from oncontour.dicom.series import DicomSeries

MINIMUM_SCORE = FAIR
"""A kind with less evidence than one fair timing is a guess, and a guess is not taken."""

UNKNOWN_CONTRAST_CONFIDENCE = 0.5
"""A T1 series of which no header says whether contrast had been given is no better than a coin."""

UNIFORM_CONFIDENCE = 0.7
"""An MP2RAGE uniform image is T1-weighted, but its background is noise: any proper T1 is preferred."""

_OURS: Mapping[str, Sequence] = {sequence.value: sequence for sequence in Sequence}


@dataclass(frozen=True)
class Finding:
    """What the header evidence says of a series.

    Args:
        kind: a `Sequence` or what else it is, in words.
        sequence: None where it is not one of ours.
        contrast_known: whether the headers say if a T1 series was made after contrast; true for all others.
        why: the evidence in words.
        confidence: 0 to 1.
    """

    kind: str
    sequence: Sequence | None
    contrast_known: bool
    why: str
    confidence: float


def _logistic(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds))


def weigh(series: DicomSeries) -> Finding:
    """Add up the rules of `rules.RULES`; the kind with the highest score wins."""
    facts = facts_of(series.evidence, series.repeats)
    scores: dict[str, float] = {}
    reasons: dict[str, list[str]] = {}
    for rule in RULES:
        if all(name in facts for name in rule.needs) and not any(name in facts for name in rule.unless):
            scores[rule.kind] = scores.get(rule.kind, 0.0) + rule.weight
            reasons.setdefault(rule.kind, []).extend(facts[name] for name in rule.needs)
    ranked = sorted(scores, key=lambda kind: -scores[kind])
    if not ranked or scores[ranked[0]] < MINIMUM_SCORE:
        return Finding("unknown", None, True, "the headers say too little to name a sequence", 0.5)
    kind = ranked[0]
    rivals = [score for other, score in scores.items() if _OURS.get(other) is not _OURS.get(kind)]
    second = max(rivals, default=0.0)  # two kinds that are both none of ours do not cast doubt on each other
    confidence = _logistic((scores[kind] - second) / 2) * min(1.0, 0.5 + scores[kind] / (2 * STRONG))
    why = ", ".join(dict.fromkeys(filter(None, reasons[kind])))
    if kind == T1:
        return _with_contrast(facts, why, confidence)
    return Finding(kind, _OURS.get(kind), True, why, round(confidence, 2))


def _with_contrast(facts: Mapping[str, str], why: str, confidence: float) -> Finding:
    """T1 or T1CE, by the log-odds of `rules.CONTRAST_RULES`."""
    if "type uniform" in facts or "word uniform image" in facts:
        confidence *= UNIFORM_CONFIDENCE
    told = [name for name in CONTRAST_RULES if name in facts]
    log_odds = sum(CONTRAST_RULES[name] for name in told)
    if not told or log_odds == 0:
        why += "; nothing says whether contrast was given"
        return Finding(T1, Sequence.T1, False, why, round(confidence * UNKNOWN_CONTRAST_CONFIDENCE, 2))
    sequence = Sequence.T1CE if log_odds > 0 else Sequence.T1
    why += "; " + ", ".join(facts[name] for name in told)
    return Finding(sequence.value, sequence, True, why, round(confidence * _logistic(abs(log_odds)), 2))


def identify(series: DicomSeries) -> Decision:
    """Which sequence a series is, from header evidence; `used` is for the choice among candidates to say.

    The reason holds physical evidence and classes of words, never the words themselves.
    """
    finding = weigh(series)
    return Decision(series.label, finding.sequence, False, f"{finding.kind}: {finding.why}", finding.confidence)
