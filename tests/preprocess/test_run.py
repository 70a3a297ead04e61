"""The whole of preprocessing, on a synthetic head and on every real study."""

import numpy as np
import pytest

from oncontour.core.errors import ImageContentError, SequenceError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_faces
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid
from oncontour.preprocess.run import Options, choose_reference, preprocess


def no_network(_: Volume) -> Volume:
    raise AssertionError("the network must not be asked for data that are stripped or come with a mask")


def test_a_native_study_is_registered_cropped_and_normalised(head, study):
    volumes, brain = head
    truth = rigid(np.radians((8.0, -10.0, 14.0)), (10.0, -6.0, 18.0))
    flair = volumes[Sequence.FLAIR].reoriented("LPS")
    volumes = {
        Sequence.T1CE: volumes[Sequence.T1CE].reoriented("PIR"),
        Sequence.FLAIR: Volume(flair.array, truth @ flair.affine),
    }
    named = []
    done = preprocess(study(volumes), Options(), lambda image: resample(brain, image.grid, order=0), named.append)
    assert done.reference == Sequence.T1CE
    assert done.reference_grid.same_as(volumes[Sequence.T1CE].grid)
    assert displacement_mm(done.transforms[Sequence.FLAIR], truth, box_faces(brain)) < 0.5
    for image in (*done.images.values(), *done.normalised.values()):
        assert image.grid.same_as(done.brain.grid)
        assert image.array.dtype == np.float32
    assert done.brain.grid.axis_codes == "RAS"
    assert done.brain.array.sum() == pytest.approx(brain.array.sum() * 8, rel=0.03)
    for image in done.normalised.values():
        assert (image.array[~done.brain.array] == 0).all()
        assert image.array[done.brain.array].std() == pytest.approx(1, abs=0.02)
    verdicts = {check.name: check.verdict for check in done.checks}
    assert verdicts["registration agreement FLAIR"] == "ok"
    assert verdicts["mirror flip FLAIR"] == "ok"
    assert {"content", "brain", "register", "resample", "bias field", "normalise", "checks"} == set(named)
    assert all(step.summary for step in done.steps)


def test_stripped_registered_data_keep_their_voxels(head, study):
    volumes, brain = head
    stripped = {
        s: volumes[s].with_array(np.where(brain.array, volumes[s].array + 1, 0)) for s in (Sequence.T1CE, Sequence.T2)
    }
    done = preprocess(study(stripped), Options(bias_field=False, spacing_mm=2.0), no_network)
    np.testing.assert_array_equal(done.transforms[Sequence.T2], np.eye(4))
    for sequence, volume in stripped.items():
        inside = volume.array[brain.array]
        np.testing.assert_array_equal(done.images[sequence].array[done.brain.array], inside)
    assert done.brain.array.sum() == brain.array.sum()


def test_z_scored_data_say_that_no_bias_field_was_sought(head, study):
    volumes, brain = head
    t2 = volumes[Sequence.T2]
    scaled = t2.with_array(np.where(brain.array, (t2.array - 70) / 30, -3.5).astype(np.float32))
    done = preprocess(study({Sequence.T2: scaled}), Options(spacing_mm=2.0), no_network)
    assert any("z-scored" in note for note in done.notes)
    assert done.images[Sequence.T2].array[0, 0, 0] == -3.5


def test_an_external_mask_on_another_grid_is_used(head, study):
    volumes, brain = head
    coarse = resample(brain, Grid((50, 60, 50), brain.affine @ np.diag([2.0, 2.0, 2.0, 1.0])))
    mask = coarse.with_array(coarse.array.astype(np.uint8) * 255)
    options = Options(bias_field=False, brain_mask=mask, normalisation="minmax", spacing_mm=2.0)
    done = preprocess(study({Sequence.T1: volumes[Sequence.T1]}), options, no_network)
    assert done.brain.array.sum() == pytest.approx(brain.array.sum(), rel=0.05)
    assert done.normalised[Sequence.T1].array.max() == 1.0


def test_what_cannot_be_prepared_is_named(head, study):
    volumes, _ = head
    one = {Sequence.T1: volumes[Sequence.T1]}
    with pytest.raises(SequenceError, match="FLAIR"):
        preprocess(study(one), Options(reference=Sequence.FLAIR), no_network)
    with pytest.raises(SequenceError, match="none"):
        preprocess(study({}), Options(), no_network)
    with pytest.raises(ImageContentError, match="empty brain mask"):
        preprocess(study(one), Options(), lambda image: image.with_array(np.zeros(image.array.shape, bool)))
    one[Sequence.T2] = volumes[Sequence.T2].with_array(np.full_like(volumes[Sequence.T2].array, np.nan))
    with pytest.raises(ImageContentError, match="case T2"):
        preprocess(study(one), Options(), no_network)


def test_the_reference_is_t1ce_else_the_finest():
    def volume(*spacing: float) -> Volume:
        return Volume(np.zeros((2, 2, 2)), np.diag([*spacing, 1.0]))

    thick, fine = volume(0.4, 0.4, 5.0), volume(1.0, 1.0, 1.0)
    assert choose_reference({Sequence.T1CE: thick, Sequence.T1: fine}, None, "case") == Sequence.T1CE
    assert choose_reference({Sequence.FLAIR: thick, Sequence.T1: fine}, None, "case") == Sequence.T1
    assert choose_reference({Sequence.T1CE: fine, Sequence.T1: fine}, Sequence.T1, "case") == Sequence.T1


STUDIES = {
    "glioma-00001-algorithm-masks": ("*t1c*", "*t1n*", "*t2w*", "*t2f*"),
    "metastasis-aurora": ("t1c*", "t1.*", "t2*", "flair*"),
    "lgg-fg6692-registered": ("*_t1c_*", "*_t1_*", "*_t2_*", "*_fla_*"),
    "lgg-fg6692-native": ("*_t1c.*", "*_t1.*", "*_t2.*", "*_fla.*"),
    "brats2015-t1ce-flair/pat0002": ("T1c*", None, None, "Flair*"),
    "brats2018-t1-flair/case_0": (None, "T1.*", None, "FLAIR*"),
}
"""One of each collection; `benchmarks/robustness.py` and `real_scans.py` take them all, `tests/pipeline/test_real.py`
another glioma."""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("folder", STUDIES)
def test_real_studies_are_prepared_and_no_check_accuses_them(folder, shared, load, study):
    names = (Sequence.T1CE, Sequence.T1, Sequence.T2, Sequence.FLAIR)
    volumes = {s: load(next(shared(folder).glob(p))) for s, p in zip(names, STUDIES[folder], strict=True) if p}
    mask = next(shared(folder).glob("brainmask_t1c*"), None)
    given = load(mask) if mask else None
    done = preprocess(study(volumes), Options(brain_mask=given), no_network)
    failed = [check for check in done.checks if check.verdict == "fail"]
    assert not failed
    sides = [check for check in done.checks if check.name.startswith("mirror")]
    assert len(sides) == len(volumes) - 1
    assert all(check.verdict == "ok" for check in sides)
