import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.labels import BRAIN, BRATS, PAEDIATRIC, SCHEMES, SEQUENCE_MASKS, WHOLE
from oncontour.core.sequence import Sequence
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.kinds import KINDS, STANDARD_SEQUENCES
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.relabel import in_scheme

MADE = [name for name, scheme in SCHEMES.items() if name != BRAIN.name]


def case_of(kind, seed=11, sequences=None):
    return make_case(load_mni(), seed, Spec(spacing_mm=4.0, kind=kind, sequences=sequences))


@pytest.mark.parametrize("name", KINDS)
def test_its_own_scheme_changes_nothing(name):
    assert in_scheme(KINDS[name], KINDS[name].scheme) is KINDS[name]


@pytest.mark.parametrize("scheme", MADE)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_labels_of_every_scheme(name, scheme):
    kind = in_scheme(KINDS[name], SCHEMES[scheme])
    assert kind.scheme is SCHEMES[scheme]
    assert set(kind.labels.values()) <= {label.name for label in kind.scheme.labels}
    assert (kind.rates, kind.scales) == (KINDS[name].rates, KINDS[name].scales)


@pytest.mark.parametrize("name", ["adult", "paediatric", "postoperative"])
def test_the_whole_tumour_is_that_of_the_kinds_own_scheme(name):
    own, whole = case_of(KINDS[name]), case_of(in_scheme(KINDS[name], WHOLE))
    assert np.array_equal(own.parts, whole.parts)
    assert np.array_equal(whole.labels, own.kind.scheme.encode(own.labels)[0])
    assert whole.labels.any()


def test_the_image_does_not_depend_on_the_labels():
    own, other = case_of(KINDS["paediatric"]), case_of(in_scheme(KINDS["paediatric"], BRATS))
    assert np.array_equal(own.images[Sequence.T2], other.images[Sequence.T2])


def test_a_cavity_is_no_tumour_where_nobody_was_operated_on():
    case = case_of(in_scheme(KINDS["postoperative"], BRATS))
    cavity = case.parts == Part.CAVITY
    assert cavity.any()
    assert not case.labels[cavity].any()
    assert case.labels[case.parts == Part.EDEMA].tolist() == [2] * int((case.parts == Part.EDEMA).sum())


def test_infiltration_is_oedema_to_others():
    kind = in_scheme(KINDS["adc"], PAEDIATRIC)
    assert kind.labels[Part.INFILTRATION] == kind.labels[Part.EDEMA] == "ED"


def test_what_sequences_show_decides_masks_of_sequences():
    kind = in_scheme(KINDS["adult"], SEQUENCE_MASKS)
    case = case_of(kind, sequences=KINDS["adc"].sequences)
    found = SEQUENCE_MASKS.encode(case.labels)
    assert np.array_equal(found[2], case.parts == Part.ENHANCING)
    without = case_of(kind, sequences=STANDARD_SEQUENCES)
    assert not SEQUENCE_MASKS.encode(without.labels)[1].any()


def test_a_scheme_that_no_kind_has_is_refused():
    with pytest.raises(InputError, match=r"'brain'.*brats, paediatric, postoperative, sequence-masks, whole"):
        in_scheme(KINDS["adult"], BRAIN)
