"""Each ingredient can be left out by name, and what has nothing to do with it stays as it was."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.ingredients import Ingredient, Ingredients
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.scanners import Scanners

OF_IMAGES = (Ingredient.PHYSICS, Ingredient.MOTION, Ingredient.RINGING)
OF_TUMOURS = tuple(one for one in Ingredient if one not in (*OF_IMAGES, Ingredient.FOLIA))
KEEPS_FOCI = (Ingredient.BOUNDED, Ingredient.HAEMORRHAGE, Ingredient.CALCIFICATION, Ingredient.SEPTA, Ingredient.SHIFT)
HALF = 0.5


def seed_where(ingredient, has, *key):
    """The first seed whose case has an ingredient of half of the cases, or has it not."""
    return next(seed for seed in range(99) if (Ingredients(seed).drawn(ingredient, HALF, *key) is not None) == has)


def pair(anatomy, seed, ingredient, **spec):
    spacing = spec.pop("spacing_mm", 4.0)
    return tuple(
        make_case(anatomy, seed, Spec(spacing_mm=spacing, without=without, **spec)) for without in ((), (ingredient,))
    )


@pytest.mark.parametrize("ingredient", OF_TUMOURS)
def test_a_case_without_it_is_the_same_case(anatomy, kind_with, ingredient):
    kind = kind_with(second=1.0, cyst=1.0, **{str(ingredient): HALF})
    seed = seed_where(ingredient, has=False)
    one, other = pair(anatomy, seed, ingredient, kind=kind, sequences=(Sequence.T1,))
    assert np.array_equal(one.parts, other.parts)
    assert np.array_equal(one.images[Sequence.T1], other.images[Sequence.T1])


@pytest.mark.parametrize("ingredient", OF_TUMOURS)
def test_a_case_with_it_keeps_its_head_and_further_foci(anatomy, kind_with, ingredient):
    kind = kind_with(second=1.0, cyst=1.0, log_radius=3.0, **{str(ingredient): HALF})
    seeds = [seed for seed in range(12) if Ingredients(seed).drawn(ingredient, HALF) is not None]
    changed = 0
    for seed in seeds[:4]:
        one, other = pair(anatomy, seed, ingredient, kind=kind, sequences=())
        assert one.brain.shape == other.brain.shape
        assert one.mirrored == other.mirrored
        for mine, same in zip(one.foci[1:], other.foci[1:], strict=False):
            assert np.array_equal(mine.centre, same.centre)
        if ingredient in KEEPS_FOCI:
            assert np.array_equal(one.foci[0].centre, other.foci[0].centre)
            assert one.foci[0].radius_mm == other.foci[0].radius_mm
        changed += not np.array_equal(one.parts, other.parts)
    assert changed


@pytest.mark.parametrize(
    ("ingredient", "part"),
    [(Ingredient.HAEMORRHAGE, Part.HAEMORRHAGE), (Ingredient.CALCIFICATION, Part.CALCIFICATION)],
)
def test_images_change_only_where_the_truth_does(anatomy, kind_with, ingredient, part):
    from scipy import ndimage

    kind = kind_with(log_radius=3.0, **{str(ingredient): HALF})
    seed = seed_where(ingredient, has=True)
    one, other = pair(anatomy, seed, ingredient, kind=kind, clean=True, spacing_mm=3.0)
    changed = one.parts != other.parts
    assert changed.any()
    assert (one.parts[changed] == part).all()
    replaced = np.unique(other.parts[changed])  # a part is drawn relative to its own mean, so all of it may shift
    near = ndimage.binary_dilation(changed | np.isin(other.parts, replaced), structure=np.ones((3, 3, 3)), iterations=4)
    for sequence, image in one.images.items():
        assert np.array_equal(image[~near], other.images[sequence][~near])
        assert not np.array_equal(image[changed], other.images[sequence][changed])


def test_bounded_turns_solid_tumour_beyond_enhancement_into_what_surrounds_it(anatomy, kind_with):
    """Patches enhance anywhere in a core, so they bound nothing."""
    changed = 0
    for seed in range(12):
        one, other = pair(anatomy, seed, Ingredient.BOUNDED, kind=kind_with(bounded=1.0, log_radius=3.0), sequences=())
        differs = one.parts != other.parts
        assert (other.parts[differs] == Part.SOLID).all()
        assert np.isin(one.parts[differs], (Part.NONE, Part.EDEMA)).all()
        changed += differs.any()
    assert 4 <= changed < 12


@pytest.mark.parametrize("ingredient", OF_IMAGES)
def test_what_a_scanner_does_leaves_the_truth_alone(anatomy, kind_with, ingredient):
    scanners = Scanners(**{"physics": 0.0, "motion": 0.0, "ringing": 0.0, str(ingredient): HALF})
    sequence = Sequence.T2
    key = () if ingredient is Ingredient.PHYSICS else (list(Sequence).index(sequence),)
    for has in (False, True):
        seed = seed_where(ingredient, has, *key)
        spec = {"kind": kind_with(), "scanners": scanners, "sequences": (sequence,)}
        one, other = pair(anatomy, seed, ingredient, **spec)
        assert np.array_equal(one.parts, other.parts)
        assert np.array_equal(one.images[sequence], other.images[sequence]) == (not has)


def test_folia_change_cortex_and_sulci_alone(anatomy, kind_with):
    one, other = pair(anatomy, 3, Ingredient.FOLIA, kind=kind_with(), tumour=False, clean=True, spacing_mm=3.0)
    from scipy import ndimage

    from oncontour.data.phantom.deform import draw_deformation

    stream = np.random.default_rng(np.random.SeedSequence(3).spawn(9)[0])
    tissues, _ = draw_deformation(stream, anatomy, 3.0, skull=False).sample(anatomy, threads=1)
    cortex = np.isin(tissues, (Tissue.GREY, Tissue.CEREBELLAR_GREY, Tissue.CSF))
    far = ~ndimage.binary_dilation(cortex, np.ones((3, 3, 3)), 3) & one.brain
    changed = one.images[Sequence.T1] != other.images[Sequence.T1]
    assert far.any()
    assert not changed[far].any()
    assert changed[cortex & one.brain].mean() > 0.5


def test_names_are_what_the_docs_list():
    from pathlib import Path

    docs = Path(__file__).parents[3] / "docs" / "phantom.md"
    listed = docs.read_text("utf-8")
    assert all(f"| `{ingredient}` |" in listed for ingredient in Ingredient)
