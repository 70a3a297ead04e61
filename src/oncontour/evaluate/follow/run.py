"""A follow-up from masks to what each scan shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES, LabelScheme, Region
from oncontour.evaluate.follow.measured import FLUID, Listed, Scan, measure_scan, read_measurements
from oncontour.evaluate.follow.visits import Visit, find_visits
from oncontour.measure.assessment import Assessment, Timepoint
from oncontour.measure.criteria import RULES, Criteria, Rule, criteria_named
from oncontour.measure.lesions import sum_of_products, unmeasurable_product
from oncontour.measure.response import response

DEFAULT_SCHEME = "brats"

ENHANCING = "ET"
"""The region that enhances, in every scheme that has one."""

SPACING_TOLERANCE = 1.1
"""Voxels that differ by more than this factor along an axis are worth a note."""


@dataclass(frozen=True)
class FollowUp:
    """One patient over time.

    Args:
        scheme: of all label maps.
        region: that was followed.
        criteria: that were applied to it.
        scans: by day.
        responses: by rule, an assessment a scan.
        notes: what was assumed, and what may mislead.
    """

    scheme: LabelScheme
    region: Region
    criteria: Criteria
    scans: tuple[Scan, ...]
    responses: Mapping[Rule, tuple[Assessment, ...]]
    notes: tuple[str, ...]


def follow(
    sources: Sequence[Path],
    *,
    days: Sequence[int] | None = None,
    dates: Sequence[date] | None = None,
    scheme: str | None = None,
    criteria: str = "RANO",
    region: str | None = None,
    repeatability: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> FollowUp:
    """Measure every scan, and judge it by area and by volume.

    Whether a lesion is new is asked for, never guessed: without a registration that growth, shrinkage and surgery do
    not mislead, a part that broke off a lesion looks like a new one.

    Args:
        sources: a table of scans, or label maps and cases (see `find_visits`).
        days, dates: of the scans, unless a table tells them.
        scheme: of the label maps; by default as the cases' measurements say, else "brats".
        criteria: a name of `oncontour.measure.criteria.CRITERIA`.
        region: what to follow; by default what enhances, or for low-grade tumours the whole lesion.
        repeatability: see `oncontour.measure.response`.
        progress: called with scans done, and all.

    Raises:
        InputError: scans that cannot be read or ordered, of different schemes, or names that nothing has.
    """
    visits = find_visits(sources, days, dates)
    chosen = criteria_named(criteria)
    found = [read_measurements(visit) for visit in visits]
    labels = _scheme(visits, found, scheme)
    followed = labels.region(region) if region else _default_region(labels, chosen)
    wanted = (*labels.regions, *(() if followed in labels.regions else (followed,)))
    scans = []
    progress(0, len(visits))
    for visit, listed in zip(visits, found, strict=True):
        scans.append(measure_scan(visit, listed, labels, wanted))
        progress(len(scans), len(visits))
    marked = next((visit.day for visit in visits if visit.baseline), None)
    responses: dict[Rule, tuple[Assessment, ...]] = {
        rule: response(
            [_timepoint(scan, followed.name, rule, chosen) for scan in scans],
            rule,
            criteria,
            baseline=marked,
            repeatability=repeatability,
        )
        for rule in RULES
    }
    ordered = tuple(sorted(scans, key=lambda scan: scan.visit.day))  # pyright: ignore[reportArgumentType]  # all alike
    notes = tuple(_notes(ordered, labels, followed, chosen, asked=region is not None, known=repeatability is not None))
    return FollowUp(labels, followed, chosen, ordered, responses, notes)


def _scheme(visits: Sequence[Visit], found: Sequence[Listed | None], asked: str | None) -> LabelScheme:
    """The one scheme of all label maps."""
    if asked is not None and asked not in SCHEMES:
        raise InputError("--scheme", repr(asked), f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    told = {visit.name: one.scheme for visit, one in zip(visits, found, strict=True) if one}
    names = {asked, *told.values()} - {None}
    if len(names) > 1:
        listed = ", ".join(f"{name} {scheme}" for name, scheme in told.items())
        wanted = f"scheme {asked}" if asked else "one scheme"
        raise InputError("follow-up", f"masks of different schemes ({listed})", wanted, "Segment all with one model.")
    name = next(iter(names), None) or DEFAULT_SCHEME
    if name not in SCHEMES:
        raise InputError("follow-up", f"scheme {name!r}", f"one of {', '.join(SCHEMES)}", "Name one with --scheme.")
    return SCHEMES[name]


def _default_region(scheme: LabelScheme, criteria: Criteria) -> Region:
    enhancing = [one for one in scheme.regions if one.name == ENHANCING]
    return enhancing[0] if criteria.enhancing and enhancing else scheme.regions[0]


def _timepoint(scan: Scan, region: str, rule: Rule, criteria: Criteria) -> Timepoint:
    size, visit = scan.regions[region], scan.visit
    area = rule == "area"
    return Timepoint(
        day=visit.day,
        size=sum_of_products(size.lesions, criteria.most_lesions) if area else size.solid_ml,
        unmeasurable=unmeasurable_product(size.lesions) if area else 0.0,
        measurable=any(lesion.measurable for lesion in size.lesions),
        interval=None if area else size.solid_interval,
        new_lesion=visit.new_lesion,
        steroids=visit.steroids,
        clinical=visit.clinical,
    )


def _notes(
    scans: Sequence[Scan], scheme: LabelScheme, region: Region, criteria: Criteria, *, asked: bool, known: bool
) -> Iterator[str]:
    """What was assumed, and what may mislead."""
    if criteria.enhancing and not asked and region.name != ENHANCING:
        yield f"Scheme {scheme.name} has no region that enhances: {region.name} was followed instead."
    sizes = [scan.regions[region.name] for scan in scans]
    fluid = ", ".join(sorted(FLUID & region.labels))
    if fluid:
        yield f"Sizes of {region.name} leave out cysts and resection cavities ({fluid}), as the criteria do."
    if not known:
        yield "How well a sum of products repeats is not known, so its changes are not held against an error."
    if not all(size.solid_interval for size in sizes if size.solid_ml):
        some = "Some scans have" if any(size.solid_interval for size in sizes) else "No scan has"
        yield f"{some} {'no' if some[0] == 'S' else 'an'} interval of the volume, which a calibrated model gives."
    edited = [_when(scans, scan) for scan in scans if scan.edited]
    if edited:
        yield f"Masks changed since they were measured, so that their intervals do not hold: {', '.join(edited)}."
    many = max(sum(lesion.measurable for lesion in size.lesions) for size in sizes)
    if many > criteria.most_lesions:
        yield f"Up to {many} measurable lesions in one scan; {criteria.name} sums the {criteria.most_lesions} largest."
    models = sorted({scan.model for scan in scans if scan.model})
    if len(models) > 1:
        yield f"Masks of {len(models)} models: a change between them may be the models'."
    if any(not _alike(scan.spacing, scans[0].spacing) for scan in scans):
        listed = "; ".join(dict.fromkeys(" x ".join(f"{one:.2g}" for one in scan.spacing) for scan in scans))
        yield f"Scans of different voxels ({listed} mm): part of a change may be theirs."


def _when(scans: Sequence[Scan], scan: Scan) -> str:
    return f"scan {scans.index(scan) + 1}"


def _alike(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(max(a, b) <= SPACING_TOLERANCE * min(a, b) for a, b in zip(one, other, strict=True))
