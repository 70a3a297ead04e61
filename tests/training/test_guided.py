import numpy as np
import torch

from oncontour.augment.presets import PRESETS
from oncontour.plans.plan import Plan
from oncontour.training.sampling import draw_sample


class Guided:
    """A case whose coarse labels are its regions, so that both can be compared wherever they end up."""

    def __init__(self, case):
        self.regions, self.places = np.array(case.regions), case.places
        self.images = np.concatenate((case.images, self.regions.astype(np.float16)))


def test_a_coarse_models_labels_are_made_worse_and_the_truth_is_not(tiny, prepared):
    steps = [{"name": "mirror"}]
    worse = [{"name": n, "probability": 1.0, "arguments": a} for n, _, a in PRESETS["nnunet-cascade"]]
    tiny |= {"previous": "coarse"}
    tiny["training"] |= {"augment": steps, "sampling": {"foreground": 1.0}}
    clean = Plan.model_validate(tiny)
    tiny["training"] |= {"augment_previous": worse}
    plan, case = Plan.model_validate(tiny), Guided(prepared[0])
    changed = 0
    for index in range(20):
        kept, sample = (draw_sample(one, [case], 0, index) for one in (clean, plan))
        assert torch.equal(sample.regions, kept.regions)
        assert torch.equal(sample.image[:4], kept.image[:4])
        assert set(sample.image[4:].unique().tolist()) <= {0.0, 1.0}
        changed += not torch.equal(sample.image[4:], kept.image[4:])
    assert changed > 10


def test_a_plan_without_a_coarse_model_has_no_labels_to_make_worse(tiny, prepared):
    tiny["training"] |= {"augment_previous": [{"name": "morphology", "probability": 1.0}]}
    assert draw_sample(Plan.model_validate(tiny), [prepared[0]], 0, 0).image.shape == (4, 16, 16, 16)


def test_a_coarse_models_labels_go_where_the_regions_go_and_are_never_dropped(tiny, prepared):
    steps = [{"name": n, "probability": 1.0, "arguments": a} for n, _, a in PRESETS["nnunet"]]
    tiny |= {"previous": "coarse"}
    tiny["training"] |= {"augment": steps, "sampling": {"foreground": 1.0, "sequence_dropout": 1.0}}
    case = Guided(prepared[0])
    for index in range(6):
        sample = draw_sample(Plan.model_validate(tiny), [case], 0, index)
        assert sample.image.shape == (7, 16, 16, 16)
        assert sample.regions.shape == (3, 16, 16, 16)
        assert sample.regions.any()
        assert torch.equal(sample.image[4:], sample.regions)
