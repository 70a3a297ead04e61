"""Why a scan is judged as it is, in sentences with the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from oncontour.measure.assessment import Assessment, Timepoint, run_days
from oncontour.measure.change import Change
from oncontour.measure.criteria import CATEGORY_WORDS, THRESHOLDS, Category, Criteria, Rule

UNITS: dict[Rule, str] = {"area": "mm²", "volume": "mL"}
NAMES: dict[Rule, str] = {"area": "Sum of products", "volume": "Volume"}


def words(one: Assessment, judged: Sequence[Assessment], point: Timepoint, rule: Rule, criteria: Criteria) -> str:
    """All that is to be said of a scan.

    Args:
        one: the scan.
        judged: all of them.
        point: what was known of it.
    """
    size = f"{NAMES[rule]} {size_text(one.size, rule)}"
    if one.from_baseline is None or one.over_nadir is None or one.by_size is None:
        role = "the baseline" if one.role == "baseline" else "before the baseline, not judged"
        return f"{size}: {role}{_measurable(point)}."
    sentences = [
        f"{size}: {_changes(one.from_baseline, one.over_nadir, rule)}.",
        _by_size(one, point, rule),
        *_moved(one.from_baseline, one.over_nadir, judged, one.size, rule),
        *_others(one, point),
        _confirmation(one, judged, criteria),
        _error(one.over_nadir if one.by_size == "PD" else one.from_baseline),
    ]
    if one.unknown:
        sentences.append(f"Not known, so not taken into account: {', '.join(one.unknown)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def size_text(size: float, rule: Rule) -> str:
    """A size with its unit.

    >>> size_text(1234.56, "area"), size_text(0.1234, "volume"), size_text(0, "volume")
    ('1235 mm²', '0.123 mL', '0 mL')
    """
    number = f"{size:.0f}" if rule == "area" or size == 0 else f"{size:.1f}" if size >= 10 else f"{size:.3g}"
    return f"{number} {UNITS[rule]}"


def percent(relative: float) -> str:
    """A share.

    >>> percent(0.5)
    '50.0 %'
    """
    return f"{100 * relative:.1f} %"


def signed_percent(relative: float) -> str:
    """A relative change.

    >>> signed_percent(-0.5), signed_percent(0.254)
    ('−50.0 %', '+25.4 %')
    """
    return f"{'−' if relative < 0 else '+'}{percent(abs(relative))}"


def _changes(baseline: Change, nadir: Change, rule: Rule) -> str:
    if baseline.day == nadir.day:
        return _change(baseline, "at baseline, also the nadir so far", rule)
    return f"{_change(baseline, 'at baseline', rule)}; {_change(nadir, 'at the nadir so far', rule)}"


def _change(one: Change, what: str, rule: Rule) -> str:
    before = f"({size_text(one.before, rule)}, day {one.day})"
    if one.relative is None:
        return f"nothing was there {what} {before}"
    if one.relative == 0:
        return f"as {what} {before}"
    return f"{percent(abs(one.relative))} {'less' if one.relative < 0 else 'more'} than {what} {before}"


def _by_size(one: Assessment, point: Timepoint, rule: Rule) -> str:
    limits = THRESHOLDS[rule]
    asked: dict[Category, str] = {
        "CR": "nothing is left",
        "PR": f"at least {-100 * limits.partial:.0f} % less than at baseline",
        "MR": f"at least {-100 * (limits.minor or 0):.0f} % less than at baseline",
        "PD": f"at least {100 * limits.progression:.0f} % over the nadir",
    }
    if one.by_size == "NE":
        return "Nothing was measurable at baseline, so that a response by size cannot be told."
    if one.by_size in asked:
        return f"This meets the size criterion of {CATEGORY_WORDS[one.by_size]} ({asked[one.by_size]})."
    grown = one.over_nadir is not None and (one.over_nadir.relative or 0) >= limits.progression
    small = " No lesion is measurable, so that growth does not count as progression." if grown else ""
    measurable = "" if point.has_measurable or grown else " No lesion is measurable."
    return f"This meets the size criterion of stable disease.{small}{measurable}"


def _measurable(point: Timepoint) -> str:
    if point.has_measurable:
        return ""
    return "; nothing was found" if point.empty else "; no lesion is measurable (10 mm by 10 mm on two slices)"


def _moved(baseline: Change, nadir: Change, judged: Sequence[Assessment], size: float, rule: Rule) -> list[str]:
    """Where lesions crossed the limit of 10 mm: what was added to which sum."""
    sizes = {other.day: other.size for other in judged}
    added = "of lesions below 10 mm are added"
    found = [
        f"{size_text(one.before - sizes[one.day], rule)} {added} to that of day {one.day}: they may have grown since."
        for one in {one.day: one for one in (baseline, nadir)}.values()
        if one.before > sizes[one.day]
    ]
    if baseline.after > size:
        shrunk = size_text(baseline.after - size, rule)
        found.append(f"{shrunk} {added} to this sum where it is held against baseline: they may have shrunk.")
    return found


def _others(one: Assessment, point: Timepoint) -> list[str]:
    """What changes the category beside the size."""
    found = []
    if point.new_lesion:
        found.append("A new lesion was reported: progressive disease.")
    if point.clinical == "worse":
        found.append("Clinical worsening was reported: progressive disease.")
    if one.by_size == "PD" and point.steroids == "decreased":
        found.append("Steroids were decreased, which alone can make enhancement grow.")
    if one.category == "NE" and one.by_size != "NE":
        found.append(
            "Steroids were increased: not evaluable, since a response or stable disease needs no more of them."
        )
    if one.by_size == "CR" and one.category == "PR":
        found.append("Steroids are still given: a partial response at most.")
    return found


def _confirmation(one: Assessment, judged: Sequence[Assessment], criteria: Criteria) -> str:
    if one.confirmed is None:
        return ""
    first, last = run_days(judged, one)
    weeks = criteria.confirmation_days // 7
    if one.confirmed:
        return (
            f"Confirmed: every scan from day {first} to day {last} shows it ({criteria.name} asks for {weeks} weeks)."
        )
    shown = f"scans show it for {last - first} days" if last > first else "no other scan shows it"
    return f"Unconfirmed: {shown}, {criteria.name} asks for {weeks} weeks."


def _error(one: Change) -> str:
    """Empty where nothing is known of the error of measurement."""
    if one.beyond_error is None:
        return ""
    told = f"The change since day {one.day} {'exceeds' if one.beyond_error else 'is within'} the error of measurement"
    if one.interval is not None:
        told += f" (95 % interval {signed_percent(one.interval.low)} to {signed_percent(one.interval.high)})"
    return f"{told}."
