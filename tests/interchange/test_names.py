import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import BundleError
from oncontour.interchange.names import channels, scheme_of_labels, scheme_of_regions

BRATS = ["edema", "necrosis", "enhancing tumor", "non-enhancing tumor", "resection cavity", "cyst", "liver"]


@given(st.lists(st.sampled_from(BRATS), unique=True, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_every_label_map_survives_its_regions(names, random):
    """Whatever labels a model has: regions of a label map, painted, give it back."""
    values = random.sample(range(1, 20), len(names))
    scheme = scheme_of_labels("x", dict(zip(names, values, strict=True)))
    label_map = np.array([[[0, *values]]])
    assert scheme.decode(scheme.encode(label_map)).tolist() == label_map.tolist()
    assert not scheme.nested


def test_tumour_labels_form_nested_regions():
    scheme = scheme_of_labels("peds", {"ET": 1, "NET": 2, "CC": 3, "ED": 4})
    assert [region.name for region in scheme.regions] == ["WT", "TC", "CC", "ET"]
    assert scheme.values(scheme.region("TC")) == (1, 2, 3)
    assert scheme_of_labels("x", {"liver": 1, "ET": 2}).region("liver").labels == {"liver"}


def test_regions_keep_the_order_and_values_of_the_model(tmp_path):
    scheme = scheme_of_regions(tmp_path, "x", {"whole tumor": [1, 2, 3], "tumor core": [2, 3], "ET": [3]}, [1, 2, 3])
    assert dict(scheme.painting()) == {"WT": 1, "TC": 2, "ET": 3}
    with pytest.raises(BundleError, match="painted as"):
        scheme_of_regions(tmp_path, "x", {"whole tumor": [1, 2, 3], "tumor core": [2, 3], "ET": [3]}, [2, 1, 3])
    with pytest.raises(BundleError, match="painted as"):
        scheme_of_regions(tmp_path, "x", {"ET": [3], "whole tumor": [1, 2, 3]}, [3, 1])


def test_scheme_of_ours_is_not_shadowed():
    assert scheme_of_labels("brats", {"liver": 1}).name == "brats-imported"


def test_one_sequence_cannot_be_two_channels(tmp_path):
    with pytest.raises(BundleError, match="different sequences"):
        channels(tmp_path, ["T1", "t1n"], None)
