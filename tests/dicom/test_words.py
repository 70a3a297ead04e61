"""Words of many vendors and languages fall into the right class, however they are written."""

import pytest

from oncontour.dicom.words import word_classes, words_of

CONTRAST = [
    "+C", "post GD", "nach KM", "apres injection", "après injection", "con contraste", "avec gado",
    "dopo mdc", "CE", "C+", "with contrast", "W/C", "Gadovist", "T1c", "造影後",
]  # fmt: skip
PLAIN = [
    "pre", "nativ", "ohne KM", "w/o", "without contrast", "sin contraste", "sans injection", "senza mdc",
    "non-contrast", "pre contrast", "unenhanced", "vor KM", "S/C", "sem contraste",
]  # fmt: skip
NEITHER = [
    "post-op", "W/WO", "with and without contrast", "W WO GAD", "posterior fossa", "T2 prep",
    "pre-op navigation", "with fat sat", "postop",
]  # fmt: skip


def written(words: str) -> list[str]:
    text = f"ax t1 {words}"
    return [text, text.upper(), text.replace(" ", "_"), f"3D {text} iso"]


@pytest.mark.parametrize("words", CONTRAST)
def test_after_contrast(words):
    for text in written(words):
        assert {"t1", "after contrast"} <= word_classes(text), text
        assert "before contrast" not in word_classes(text), text


@pytest.mark.parametrize("words", PLAIN)
def test_before_contrast(words):
    for text in written(words):
        assert {"t1", "before contrast"} <= word_classes(text), text
        assert "after contrast" not in word_classes(text), text


@pytest.mark.parametrize("words", NEITHER)
def test_neither(words):
    for text in written(words):
        assert not word_classes(text) & {"before contrast", "after contrast"}, text


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Part1 of study", set()),
        ("AX T2 FLAIR", {"flair"}),
        ("FLAIR T1 AX", {"t1", "t1 flair"}),
        ("t2* gre", {"t2 star"}),
        ("3D T1 isotropic", {"t1"}),
        ("sub-02 T1w", {"t1"}),
        ("T1 subtraction", {"t1", "subtraction"}),
        ("T2 TSE without fs", {"t2", "before contrast"}),
        ("", set()),
    ],
)
def test_classes(text, classes):
    assert word_classes(text) == classes


def test_protocol_speaks_where_the_description_is_silent():
    assert words_of("ax", "t2_tse", "SIEMENS") == {"t2"}
    assert words_of("ax t1", "t2_tse post", "SIEMENS") == {"t1", "after contrast"}
    assert words_of("ax", "t2_tse", "GE MEDICAL SYSTEMS") == set()
