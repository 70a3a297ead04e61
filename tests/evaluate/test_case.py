import numpy as np
import pytest

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.evaluate.case import Measures, score_label_maps
from oncontour.evaluate.metrics import assd, hd95, lesionwise, panoptic, specificity, surface_dice

SPACING = (4.0, 4.0, 4.0)  # One voxel is a lesion that counts.


@pytest.mark.parametrize("share", [0.003, 0.01, 0.1])
@pytest.mark.parametrize("corner", [0, 7, 14])
def test_scores_are_those_of_the_whole_image(corner: int, share: float) -> None:
    """Regions are scored in the box of all labels, though lesions are grown before it is told which are one."""
    rng = np.random.default_rng(corner)
    found, truth = (np.zeros((30, 24, 20), np.uint8) for _ in range(2))
    place = np.s_[corner : corner + 16, 4:17, 2:13]
    for labels in (found, truth):
        labels[place] = rng.choice([0, 1, 2, 3], (16, 13, 11), p=[1 - 3 * share, share, share, share])
    reference = Volume(truth, np.diag([*SPACING, 1.0]))

    scores = score_label_maps("case", found, reference, BRATS, Measures("brats", (), (), tolerance_mm=4.0))

    for score, region in zip(scores, BRATS.regions, strict=True):
        pred, ref = (np.isin(labels, BRATS.values(region)) for labels in (found, truth))
        lesions = lesionwise(pred, ref, SPACING, "glioma")
        assert score.specificity == specificity(pred, ref)
        assert (score.lesion_dice, score.lesion_hd95) == (lesions.dice, lesions.hd95)
        assert (score.lesion_tp, score.lesion_fp, score.lesion_fn) == (lesions.tp, lesions.fp, lesions.fn)
        assert score.panoptic_quality == panoptic(pred, ref).quality
        assert score.hd95 == hd95(pred, ref, SPACING)
        assert score.hd95_brats2023 == hd95(pred, ref, SPACING, "brats2023")
        assert score.assd == assd(pred, ref, SPACING)
        assert score.surface_dice == surface_dice(pred, ref, SPACING, 4.0)


def test_images_without_any_label() -> None:
    empty = np.zeros((5, 6, 7), np.uint8)
    scores = score_label_maps("case", empty, Volume(empty, np.eye(4)), BRATS, Measures("brats", (), ()))
    assert {(one.dice, one.hd95, one.specificity, one.lesion_dice) for one in scores} == {(1.0, 0.0, 1.0, 1.0)}
    assert all(one.pred_empty and one.ref_empty and one.volume_ref_ml == 0 for one in scores)
