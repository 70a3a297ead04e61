"""What the ingredients of a tumour do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue, among
from oncontour.data.phantom.calcification import SHARE as CHALK_SHARE
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.deform import draw_deformation
from oncontour.data.phantom.faint import RADIUS_MM
from oncontour.data.phantom.grow import Habit
from oncontour.data.phantom.ingredients import Ingredient, Ingredients
from oncontour.data.phantom.lesion import CORE, Focus, Part
from oncontour.data.phantom.rates import Rates
from oncontour.data.phantom.scanners import Scanners
from oncontour.data.phantom.shift import LARGEST_MM, draw_shift_mm, shifted
from oncontour.data.phantom.sites import CORTEX_MM, sites_before
from oncontour.data.phantom.tracts import travel
from oncontour.data.phantom.tumour import plan_tumour

SEEDS = range(6)


def cases(anatomy, kind, spacing=4.0, **spec):
    return [make_case(anatomy, seed, Spec(spacing_mm=spacing, kind=kind, sequences=(), **spec)) for seed in SEEDS]


def value(case, name):
    return next(label.value for label in case.kind.scheme.labels if label.name == name)


def plans(anatomy, spacing=4.0, **rates):
    """Of some seeds the deformation, the sites before it and the plan."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        deformation = draw_deformation(rng, anatomy, spacing, skull=False)
        quiet = dict.fromkeys(("diffuse", "shift", "spread", "faint", "cortex", "ventricle"), 0.0)
        plan, _ = plan_tumour(rng, Ingredients(seed), deformation, anatomy, replace(Rates(), **(quiet | rates)))
        yield deformation, sites_before(deformation, anatomy), plan


def test_blood_lies_in_the_core_and_counts_as_such(anatomy, kind_with):
    kind = kind_with(haemorrhage=1.0, log_radius=3.0)
    for case, dry in zip(cases(anatomy, kind), cases(anatomy, kind, without=(Ingredient.HAEMORRHAGE,)), strict=True):
        blood = case.parts == Part.HAEMORRHAGE
        assert np.isin(dry.parts[blood], CORE).all()
        assert 0 < blood.sum() < 0.8 * np.isin(dry.parts, CORE).sum()
        assert (case.labels[blood] == value(case, "NCR")).all()


def test_chalk_is_little_and_in_clumps(anatomy, kind_with):
    import cc3d

    kind = kind_with(calcification=1.0, log_radius=3.1)
    many = 0
    for case in cases(anatomy, kind, spacing=3.0):
        chalk = case.parts == Part.CALCIFICATION
        share = chalk.sum() / np.isin(case.parts, CORE).sum()
        assert 0 < share < 1.3 * CHALK_SHARE[1]
        many += int(cc3d.connected_components(chalk).max()) > 1
    assert many >= 3


def test_septa_are_thin_and_divide_cysts(anatomy, kind_with):
    import cc3d

    kind = kind_with(septa=1.0, cyst=1.0, log_radius=3.2)
    divided = 0
    for case, whole in zip(
        cases(anatomy, kind, 3.0), cases(anatomy, kind, 3.0, without=(Ingredient.SEPTA,)), strict=True
    ):
        wall = case.parts != whole.parts
        assert (whole.parts[wall] == Part.CYST).all()
        assert set(np.unique(case.parts[wall])) <= {Part.SOLID, Part.ENHANCING}
        assert len(np.unique(case.parts[wall])) <= 1
        cysts = (int(cc3d.connected_components(one.parts == Part.CYST, connectivity=6).max()) for one in (case, whole))
        divided += next(cysts) > next(cysts)
        assert wall.sum() < 0.7 * (whole.parts == Part.CYST).sum()
    assert divided >= 3


def test_infiltration_follows_white_matter_from_a_small_core(anatomy, kind_with):
    extents = []
    for case in cases(anatomy, kind_with(diffuse=1.0)):
        assert case.foci[0].radius_mm <= 12
        stream = case.parts > 0
        extents.append(np.ptp(np.argwhere(stream), axis=0).max() * 4.0)
        assert (case.labels[case.parts == Part.EDEMA] == value(case, "ED")).all()
    assert np.median(extents) > 40


def test_a_tumour_shifts_the_midline_and_presses_its_ventricle(anatomy):
    deformation = draw_deformation(np.random.default_rng(1), anatomy, 3.0, skull=True)
    middle = np.linalg.solve(deformation.matrix[:, :3], np.array([88.0, 100.0, 105.0]) - deformation.matrix[:, 3])
    for side in (-1, 1):
        start = middle + np.array([side * 35 / 3, 0, 0])
        pushed = shifted(np.random.default_rng(0), deformation, anatomy, Focus(start, 20.0), 10.0)
        before, after = (one.sample(anatomy, 1)[0] for one in (deformation, pushed))
        ventricle = [np.argwhere(tissues == Tissue.VENTRICLE) for tissues in (before, after)]
        own = [(place[:, 0] > middle[0]) == (side > 0) for place in ventricle]
        moved = (ventricle[1][:, 0].mean() - ventricle[0][:, 0].mean()) * 3.0
        assert -side * moved > 2
        assert own[1].sum() < 0.85 * own[0].sum()
        outside = ~among(before, (Tissue.WHITE, Tissue.GREY, Tissue.VENTRICLE, Tissue.CSF, Tissue.DEEP_GREY))
        assert (after[outside] == before[outside]).mean() > 0.98


def test_the_shift_grows_with_the_tumour():
    habit = Habit(True, False, True, True, False, True, False, False, 2.0, 0.1, 1.0)

    def mm(radius, lateral=30.0, habit=habit):
        return draw_shift_mm(np.random.default_rng(0), Focus(np.zeros(3), radius), habit, lateral)

    assert mm(5) < mm(10) < mm(20) < mm(30) <= LARGEST_MM
    assert mm(20, lateral=2.0) < 0.2 * mm(20)
    assert mm(20, habit=replace(habit, edema=False)) < mm(20)


def test_a_butterfly_has_two_wings(anatomy):
    from oncontour.data.phantom.case import KINDS

    kind = replace(KINDS["adult"], rates=replace(Rates(), spread=1.0, faint=0.0, diffuse=0.0, second=0.0, shift=0.0))
    wings = 0
    for case in cases(anatomy, kind):
        core = np.argwhere(np.isin(case.parts, CORE))
        across = core[:, 0] - (case.parts.shape[0] - 1) / 2
        wings += min((across > 1).mean(), (across < -1).mean()) > 0.1
        _, count = np.unique(case.parts, return_counts=True)
        assert count[1:].sum() > 0
    assert wings >= 3


def test_ways_lead_along_white_matter():
    tissues = np.full((20, 20, 5), Tissue.GREY, np.uint8)
    tissues[2, :, 2] = tissues[:, 18, 2] = Tissue.WHITE
    ways = travel(tissues, np.ones_like(tissues), np.array([4.0, 0.0, 4.0]), 2, 1.5)
    assert ways.distance_mm[2, 18, 2] == pytest.approx(18 * 3.0)
    assert ways.distance_mm[2, 0, 2] == 0
    way = ways.way(int(np.ravel_multi_index((19, 18, 2), tissues.shape)))
    assert way[0].tolist() == [4, 0, 4]
    assert way[-1].tolist() == [38, 36, 4]
    through = tissues[tuple((way / 2).astype(int).T)]
    assert (through == Tissue.WHITE).all()
    fine = ways.on((slice(4, 5), slice(0, 37), slice(4, 5)), 99.0)[0, :, 0]
    assert fine == pytest.approx(np.arange(37) * 1.5, abs=1e-3)


def test_no_way_leads_out_of_the_brain():
    tissues = np.full((8, 8, 8), Tissue.WHITE, np.uint8)
    depth = np.ones_like(tissues)
    depth[4] = 0
    assert np.isinf(travel(tissues, depth, np.zeros(3), 1, 3.0).distance_mm[5:]).all()


def test_faint_lesions_are_small_and_weak(anatomy):
    for _, _, plan in plans(anatomy, faint=1.0):
        assert RADIUS_MM[0] <= plan.foci[0].radius_mm <= RADIUS_MM[1]
        assert 0.4 <= plan.contrast <= 0.8
    assert all(plan.contrast == 1 for _, _, plan in plans(anatomy))


def test_faint_lesions_stand_out_less(anatomy, kind_with):
    scanners = Scanners(disorder=0.0, physics=0.0, thick_slices=0.0)
    kind = kind_with(faint=1.0, enhancing=0.0, necrosis=0.0, edema=0.0)
    spec = Spec(spacing_mm=3.0, kind=kind, sequences=(Sequence.T2,), scanners=scanners, clean=True)

    def contrast(case):
        image, core = case.images[Sequence.T2], case.parts == Part.SOLID
        return image[core].mean() - np.median(image[case.brain])

    pairs = [
        [contrast(make_case(anatomy, seed, one)) for one in (spec, replace(spec, without=(Ingredient.FAINT,)))]
        for seed in SEEDS
    ]
    faint, plain = np.nanmean(pairs, axis=0)
    assert faint < 0.8 * plain


def test_tumours_start_in_cortex_or_ventricle_when_told(anatomy):
    for _, sites, plan in plans(anatomy, cortex=1.0):
        assert sites.depth[sites.coarse(plan.foci[0].centre)] <= CORTEX_MM
    inside = 0
    for _, sites, plan in plans(anatomy, ventricle=1.0):
        i, j, k = sites.coarse(plan.foci[0].centre)
        near = sites.tissues[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2]
        assert (near == Tissue.VENTRICLE).any()
        inside += sites.tissues[i, j, k] == Tissue.VENTRICLE
        assert plan.habit.fluid_limit > 1
    assert 0 < inside < len(SEEDS)
