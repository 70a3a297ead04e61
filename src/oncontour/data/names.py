"""What a file's name says about the image in it: a table of words, and the few rules that combine them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from oncontour.core.sequence import Sequence

_WORDS: Mapping[Sequence, str] = {
    Sequence.T1: "t1 t1n t1w t1wi t1weighted t1pre t1wpre t1native t1nativ mprage t1mprage mpr spgr fspgr bravo",
    Sequence.T1CE: (
        "t1c t1ce t1cew t1wce t1gd t1wgd t1gad t1wgad t1gado t1post t1wpost t1wc t1contrast t1km t1kontrast "
        "ct1 ct1w cet1 cet1w gdt1 gdt1w mpragegd mpragece mpragepost"
    ),
    Sequence.T2: "t2 t2w t2wi t2weighted t2tse t2fse",
    Sequence.FLAIR: "flair fla flairw t2f t2flair t2wflair flairt2 tirm darkfluid",
    Sequence.ADC: "adc adcmap dadc",
}
SEQUENCE_WORDS: Mapping[str, Sequence] = {
    word: sequence for sequence, words in _WORDS.items() for word in words.split()
}
"""A word of a name -> what it says the image is."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BRATS_NAMES: Mapping[Sequence, str] = {
    Sequence.T1: "t1n",
    Sequence.T1CE: "t1c",
    Sequence.T2: "t2w",
    Sequence.FLAIR: "t2f",
    Sequence.ADC: "adc",
}
"""What BraTS 2023 calls each sequence in a file's name: how we write it. ADC is our own addition."""

MASK_WORDS = _words(
    "gt label labels labelmap truth groundtruth roi rois pred prediction predictions prob probs "
    "probability lesion lesions parc parcellation otmulticlass bias biasfield warp warpfield deformation "
    "jacobian"
)
"""Words of files that hold no image: masks, predictions, fields. Words around "mask" and "seg" are found by shape."""

_MASK_SHAPE = re.compile(r"^seg|seg$|^segm|mask|truth|multiclass")

CONTRAST_WORDS = _words("ce gd gad gado gadolinium gadovist dotarem contrast postcontrast postgd postgad km")
"""With one of these anywhere in the name, a T1 was taken after contrast agent."""

AFTER_T1_WORDS = _words("c post enhanced")
"""These say the same only behind the T1: before it, "post" may mean a follow-up and "c" anything."""

NATIVE_WORDS = _words("pre precontrast native nativ nocontrast noncontrast ohne")
"""These say that a T1 was taken without contrast agent, whatever else the name holds."""

OTHER_IMAGE_WORDS = _words(
    "star map t1map t2map perf perfusion dsc dce cbv rcbv cbf asl swi swan pd subtraction subtracted diff mip pet ct"
)
"""Words of images that are none of ours although a T1, T2 or FLAIR may stand beside them. An ADC map stays an ADC."""

TARGET_WORDS = _words("to into onto in")
"""What follows names the image that this one was moved to ("flair_to_t1c"), not this one."""

CLEAR, DOUBTFUL, STATED = 0.95, 0.7, 1.0
"""Confidence of a name that says one thing, of one that says two, and of what the user or the data set states."""


@dataclass(frozen=True)
class NameReading:
    """What a name says.

    Args:
        sequence: what the image is, None where it is none of ours.
        mask: whether the file is a mask, a prediction or a field: no image at all.
        reason: the rule that decided, in words.
        confidence: 0 to 1.
    """

    sequence: Sequence | None
    mask: bool
    reason: str
    confidence: float


def read_name(name: str) -> NameReading:
    """Read a file's name (without folder and suffix) or a channel's name.

    >>> read_name("BraTS-GLI-00000-000-t2W").sequence.value
    'T2'
    >>> read_name("T1_AX_POST_GAD").sequence.value
    'T1CE'
    >>> read_name("brainmask_t1c_bet").reason
    'the name holds "brainmask": no image'
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    for word in words:
        if word in MASK_WORDS or _MASK_SHAPE.search(word):
            return NameReading(None, True, f'the name holds "{word}": no image', CLEAR)
    hits = _hits(words)
    if not hits:
        return NameReading(None, False, "no word of the name is a sequence", CLEAR)
    position, word, sequence = hits[-1]
    others = [other for other in words if other in OTHER_IMAGE_WORDS]
    if others and sequence is not Sequence.ADC:
        return NameReading(None, False, f'the name holds "{word}", but also "{others[0]}": another image', CLEAR)
    rule = f'the name holds "{word}"'
    neighbours = [(other, what) for at, other, what in hits[:-1] if at == position - 1 and what is not sequence]
    if neighbours and {sequence, neighbours[0][1]} == {Sequence.T2, Sequence.FLAIR}:
        return NameReading(Sequence.FLAIR, False, f'the name holds "{neighbours[0][0]} {word}"', CLEAR)
    if neighbours and {sequence, neighbours[0][1]} == {Sequence.T1, Sequence.FLAIR}:
        return NameReading(Sequence.T1, False, f'the name holds "{neighbours[0][0]} {word}"', CLEAR)
    if sequence is Sequence.T1:
        contrast = _contrast(words, position)
        if contrast:
            sequence, rule = Sequence.T1CE, f'{rule} and "{contrast}"'
    rivals = [other for _, other, what in hits if what is not sequence and _family(what) is not _family(sequence)]
    if rivals:
        return NameReading(sequence, False, f'{rule} behind "{rivals[-1]}": the last word counts', DOUBTFUL)
    return NameReading(sequence, False, rule, CLEAR)


def _hits(words: list[str]) -> list[tuple[int, str, Sequence]]:
    """Positions, words and meanings of the sequences named, without those of another image or space."""
    hits = []
    for n, word in enumerate(words):
        if word in TARGET_WORDS and hits:
            break
        if word in SEQUENCE_WORDS and (n == 0 or words[n - 1] != "space"):
            hits.append((n, word, SEQUENCE_WORDS[word]))
    return hits


def _contrast(words: list[str], position: int) -> str | None:
    """The word that says that the T1 at this position was taken after contrast agent."""
    if NATIVE_WORDS.intersection(words):
        return None
    if position + 1 < len(words) and words[position + 1] == "c":
        return "c"
    behind = [word for word in words[position + 1 :] if word in AFTER_T1_WORDS - {"c"}]
    return next((word for word in words if word in CONTRAST_WORDS), behind[0] if behind else None)


def _family(sequence: Sequence) -> Sequence:
    return Sequence.T1 if sequence is Sequence.T1CE else sequence
