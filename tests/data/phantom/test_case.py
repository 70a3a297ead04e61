"""One case: repeatable, inside the brain, on the right side."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.deform import draw_deformation
from oncontour.data.phantom.kinds import KINDS
from oncontour.data.phantom.lesion import Part


def same(one, other):
    return np.array_equal(one.parts, other.parts) and all(
        np.array_equal(one.images[sequence], other.images[sequence]) for sequence in one.images
    )


@pytest.mark.parametrize("skull", [False, True])
def test_same_seed_same_voxels_whatever_the_threads(anatomy, skull):
    spec = Spec(spacing_mm=4.0, skull=skull)
    first = make_case(anatomy, 11, spec)
    assert same(first, make_case(anatomy, 11, spec, threads=3))
    other = make_case(anatomy, 12, spec)
    assert other.parts.shape != first.parts.shape or not same(first, other)


def test_same_voxels_whatever_the_threads_of_the_algebra_library():
    """Matrix products are split over threads by the library, on some processors with other roundings."""
    program = (
        "import hashlib, numpy as np\n"
        "from oncontour.data.phantom.separable import blur\n"
        "from oncontour.data.phantom.fields import smooth_field\n"
        "from oncontour.data.phantom.threads import plain_algebra\n"
        "rng = np.random.default_rng(0)\n"
        "with plain_algebra():\n"
        "    x = blur(smooth_field(rng, (90, 110, 101), 30) + rng.standard_normal((90, 110, 101), np.float32), 0.7)\n"
        "print(hashlib.sha256(x.tobytes()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": n,
                "OMP_NUM_THREADS": n,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in ("1", "2", "3")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_its_sequences_and_labels(anatomy, kind):
    case = make_case(anatomy, 5, Spec(spacing_mm=3.0, kind=KINDS[kind]))
    assert tuple(case.images) == KINDS[kind].sequences
    known = {0, *(label.value for label in KINDS[kind].scheme.labels)}
    assert set(np.unique(case.labels).tolist()) <= known
    assert case.labels.any()
    assert not case.labels[~case.brain].any()
    for image in case.images.values():
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert image.min() >= 0
        assert not image[~case.brain].any()
        assert image[case.brain].std() > 0


def test_no_tumour_when_none_is_asked_for(anatomy):
    case = make_case(anatomy, 5, Spec(spacing_mm=4.0, tumour=False))
    assert not case.parts.any()
    assert case.foci == ()


def test_the_tumour_lies_where_the_record_says(anatomy):
    """RAS+: x grows to the patient's right, so a focus at x < 0 is a mask on the patient's left."""
    spec = Spec(spacing_mm=4.0, sequences=())
    sides = []
    for seed in range(30):
        case = make_case(anatomy, seed, spec)
        if len(case.foci) > 1:
            continue
        world = case.affine @ np.append(case.foci[0].centre, 1)
        core = np.isin(case.parts, (Part.SOLID, Part.NECROSIS, Part.ENHANCING))
        if not core.any():
            continue
        centroid = case.affine @ np.append(np.argwhere(core).mean(0), 1)
        assert np.linalg.norm(world - centroid) < 1.5 * case.foci[0].radius_mm + 3
        if abs(world[0]) > case.foci[0].radius_mm:
            assert np.sign(world[0]) == np.sign(centroid[0])
            sides.append(np.sign(world[0]))
    assert {-1.0, 1.0} <= set(sides)


def test_mirroring_moves_the_anatomy_and_not_the_axes(anatomy):
    """RAS+: x grows to the patient's right, where the test's head has its only eye, unless it is mirrored."""
    seen = set()
    for seed in range(8):
        deformation = draw_deformation(np.random.default_rng(seed), anatomy, 4.0, skull=True)
        tissues, _ = deformation.sample(anatomy, threads=1)
        assert (np.diag(deformation.affine)[:3] > 0).all()
        eye = deformation.affine @ np.append(np.argwhere(tissues == Tissue.EYE).mean(0), 1)
        assert (eye[0] > 0) == (not deformation.mirrored)
        assert eye[1] > 0
        seen.add(deformation.mirrored)
    assert seen == {True, False}


def test_adc_is_in_its_unit_and_has_failed_voxels(anatomy):
    zeros = []
    for seed in range(8):
        case = make_case(anatomy, seed, Spec(spacing_mm=3.0, kind=KINDS["adc"]))
        image = case.images[Sequence.ADC]
        assert 100 < np.median(image[case.brain]) < 4000
        zeros.append(int((image[case.brain] == 0).sum()))
    assert max(zeros) > 10
    assert min(zeros) == 0


def test_head_has_what_surrounds_the_brain(anatomy):
    case = make_case(anatomy, 3, Spec(spacing_mm=3.0, skull=True))
    outside = case.images[Sequence.T1][~case.brain]
    assert (outside > 0.3).mean() > 0.02
