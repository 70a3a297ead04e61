"""Words that survive say the same of a series as the text that they come from, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.dicom import words
from oncontour.dicom.deidentify.describe import WORDS, describe, describe_agent, describe_body_part, describe_pulse
from oncontour.dicom.facts import FACTS, PULSE_NAMES, other_body_part
from oncontour.dicom.header import Evidence
from oncontour.dicom.words import word_classes

TEXTS = (
    "t1_mprage_sag_p2_iso", "AX T2 FLAIR +C", "t1 se tra ohne KM", "FLAIR T1 cor", "ep2d_diff_3scan_trace_p2_ADC",
    "loc 3-plane", "eADC (10^-6)", "t2*_gre", "PD axial", "STIR sag", "ax t1 w/o", "SAG T1 3D MPRAGE post Gd",
    "perf_rCBV", "SWI mIP", "HWS sag t2", "Brain with and without", "MP2RAGE_UNI_Images", "b1000t_DWI",
    "screen save", "ciss3d tra iac",
)  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_each_word_is_of_its_class(name):
    assert word_classes(WORDS[name]) == {name}


def test_every_class_has_a_word():
    assert set(words._PATTERNS) == set(WORDS)


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2).map(" ".join))
def test_what_is_left_says_the_same(text):
    classes, told = word_classes(text), describe(text)
    assert len(told) <= 64
    assert word_classes(told) <= classes
    if len(classes) < 8:
        assert word_classes(told) == classes


@given(st.text())
def test_nothing_else_is_left(text):
    assert set(describe(text).split(" / ")) <= {"", *WORDS.values()}
    assert set(describe_pulse(text).split(" ")) <= {"", *PULSE_NAMES}
    assert describe_agent(text) in ("", "NONE", "CONTRAST AGENT")


@pytest.mark.parametrize("name", PULSE_NAMES)
def test_pulse_names_keep_their_facts(name):
    def facts(text):
        return {key for key, fact in FACTS.items() if fact.holds(Evidence(sequence_name=text.lower()))}

    text = f"*{name}1_16ns"
    assert facts(text) == facts(describe_pulse(text)) != set()


@pytest.mark.parametrize("part", ["LSPINE", "knee", "BRAIN", "", "HEADNECK", "T-SPINE", "Schmidt"])
def test_a_body_part_that_is_no_head_stays_none(part):
    assert other_body_part(describe_body_part(part)) == other_body_part(part)
