"""Fluid between folia shows on all sequences at once."""

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import FLUID, WHITE_MATTER, Tissue
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.deform import draw_deformation
from oncontour.data.phantom.folia import LARGEST, draw_folia
from oncontour.data.phantom.ingredients import Ingredient
from oncontour.data.phantom.lesion import bounds
from oncontour.data.phantom.scanners import ANY_SCANNER, ONE_SCANNER, Scanners
from oncontour.data.phantom.tumour import soft_membership


def drawn(anatomy, seed, scanners=ANY_SCANNER):
    tissues, depth = draw_deformation(np.random.default_rng(0), anatomy, 3.0, skull=False).sample(anatomy, threads=1)
    box = bounds(depth > 0, 1)
    assert box is not None
    white, wet = (soft_membership(tissues[box], members, 3.0) for members in (WHITE_MATTER, FLUID))
    folia = draw_folia(np.random.default_rng(seed), tissues, depth, box, white, wet, 3.0, scanners)
    return folia, tissues[box], depth[box]


def test_it_lies_in_the_cortex_and_most_near_the_surface(anatomy):
    near, deep = [], []
    for seed in range(6):
        folia, tissues, depth = drawn(anatomy, seed)
        cerebellum = tissues == Tissue.CEREBELLAR_GREY
        assert folia.fluid.min() >= 0
        assert folia.fluid.max() <= LARGEST
        assert not folia.fluid[~cerebellum & (tissues != Tissue.GREY)].any()
        assert 0 <= folia.cortex.min() <= folia.cortex.max() < 1
        assert not folia.cortex[tissues != Tissue.CSF].any()
        near.append(folia.fluid[cerebellum & (depth < 6)].mean())
        deep.append(folia.fluid[cerebellum & (depth > 12)].mean())
        assert folia.fluid[cerebellum].std() > 0.1 * folia.fluid[cerebellum].mean()
    assert np.mean(near) > 1.2 * np.mean(deep)
    assert max(near) > 2 * min(near)


def test_one_scanner_keeps_to_the_middle(anatomy):
    def means(scanners):
        found = []
        for seed in range(8):
            folia, tissues, _ = drawn(anatomy, seed, scanners)
            found.append(folia.fluid[tissues == Tissue.CEREBELLAR_GREY].mean())
        return np.array(found)

    assert means(ONE_SCANNER).std() < 0.6 * means(ANY_SCANNER).std()


def test_a_cerebellum_is_dark_on_t1_bright_on_t2_dark_on_flair(anatomy):
    scanners = Scanners(disorder=0.0)
    sequences = (Sequence.T1, Sequence.T2, Sequence.FLAIR)
    for seed in (0, 1):
        spec = {"spacing_mm": 4.0, "tumour": False, "clean": True, "scanners": scanners, "sequences": sequences}
        one = make_case(anatomy, seed, Spec(**spec))
        other = make_case(anatomy, seed, Spec(**spec, without=(Ingredient.FOLIA,)))
        stream = np.random.default_rng(np.random.SeedSequence(seed).spawn(9)[0])
        tissues, _ = draw_deformation(stream, anatomy, 4.0, skull=False).sample(anatomy, threads=1)
        cerebellum = tissues == Tissue.CEREBELLAR_GREY
        change = {s: (one.images[s] - other.images[s])[cerebellum].mean() for s in sequences}
        assert change[Sequence.T1] < -0.003
        assert change[Sequence.T2] > 0.003
        assert change[Sequence.FLAIR] < -0.003
