"""Facts about how a series was made, each a named test of its header evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oncontour.dicom.header import IMAGE_CLASSES, Evidence
from oncontour.dicom.words import words_of

DYNAMIC_REPEATS = 6
"""More images than this at one position are a dynamic series (perfusion, diffusion, fMRI), not repeated averages."""

HEAD_PARTS = frozenset({"", "BRAIN", "HEAD", "SKULL", "HEADNECK", "HEAD_NECK", "NEURO", "CRANIUM", "UNKNOWN", "OTHER"})
"""BodyPartExamined (PS3.16 annex L) that may be a brain."""

OTHER_PARTS = (
    "SPINE", "KNEE", "HIP", "SHOULDER", "ABDOMEN", "PELVIS", "PROSTATE", "BREAST", "HEART", "CHEST", "WRIST",
    "ANKLE", "ELBOW", "FOOT", "HAND", "LEG", "ARM", "LIVER", "KIDNEY", "UTERUS", "EXTREMITY", "LUMBAR",
    "THORACIC", "CERVICAL", "THORAX", "BLADDER", "JOINT", "AORTA", "FINGER", "THIGH", "CALF", "FEMUR", "TIBIA",
)  # fmt: skip
"""Parts of BodyPartExamined values that are no head. An unlisted value (free text of some sites) decides nothing."""

NO_AGENT = frozenset(
    {"", "none", "no", "n", "0", "nil", "null", "na", "n/a", "without", "ohne", "nativ", "sans", "non"}
)
"""What sites write into ContrastBolusAgent when none was given."""


PULSE_NAMES = (
    "tfl3d", "bravo", "mprage", "fspgr", "tof", "fl3d1r_t", "fl_pc", "pc3d", "swi", "swan", "svs_", "csi_", "press",
    "probe", "ep2d", "epse", "epfid", "epi",
)  # fmt: skip
"""Parts of SequenceName that some fact below looks for."""


def other_body_part(body_part: str) -> str:
    """The part that BodyPartExamined names where that is no head, else "".

    >>> other_body_part("LSPINE"), other_body_part("BRAIN"), other_body_part("")
    ('spine', '', '')
    """
    value = body_part.upper().strip()
    return "" if value in HEAD_PARTS else next((part.lower() for part in OTHER_PARTS if part in value), "")


def within(value: float | None, low: float, high: float) -> bool:
    """Whether a value is known and low <= value <= high."""
    return value is not None and low <= value <= high


@dataclass(frozen=True)
class Fact:
    """A named test.

    Args:
        phrase: how a reason words it; fields of the evidence in braces. Empty: too plain to mention.
        holds: the test.
    """

    phrase: str
    holds: Callable[[Evidence], bool]


def _type(*wanted: str) -> Callable[[Evidence], bool]:
    return lambda e: any(token in wanted for token in e.image_type)


def _type_contains(*parts: str) -> Callable[[Evidence], bool]:
    return lambda e: any(part in token for token in e.image_type[2:] for part in parts)


def _name(*parts: str) -> Callable[[Evidence], bool]:
    if unlisted := set(parts) - set(PULSE_NAMES):
        raise ValueError(f"not in PULSE_NAMES: {sorted(unlisted)}")
    return lambda e: any(part in e.sequence_name for part in parts)


def _code(*wanted: str) -> Callable[[Evidence], bool]:
    return lambda e: e.acquisition_contrast in wanted


def _inversion(e: Evidence) -> bool:
    return bool(
        e.inversion_time
        or "IR" in e.scanning_sequence
        or {"IR", "IR_GEMS"} & e.scan_options
        or "MP" in e.sequence_variant
    )


def _spin_echo(e: Evidence) -> bool:
    plain = not e.scanning_sequence or e.scanning_sequence <= {"IR", "RM"}
    return "EP" not in e.scanning_sequence and (
        "SE" in e.scanning_sequence or (plain and (e.repetition_time or 0) > 300 and not within(e.flip_angle, 1, 60))
    )


def _gradient_echo(e: Evidence) -> bool:
    plain = not e.scanning_sequence or e.scanning_sequence <= {"IR", "RM"}
    short = within(e.echo_time, 0.1, 8) and (within(e.repetition_time, 1, 300) or within(e.flip_angle, 1, 20))
    return "EP" not in e.scanning_sequence and ("GR" in e.scanning_sequence or (plain and short))


_TE = "TE {echo_time:g} ms"
_TR = "TR {repetition_time:g} ms"

FACTS: Mapping[str, Fact] = {
    # kind of object
    "not MR": Fact("modality {modality}", lambda e: e.modality not in ("", "MR")),
    "no MR image class": Fact("an object that is no MR image", lambda e: e.sop_class not in IMAGE_CLASSES),
    "colour": Fact("colour pixels", lambda e: e.samples_per_pixel > 1),
    "body part": Fact("a body part that is no head", lambda e: bool(other_body_part(e.body_part))),
    "derived": Fact("a derived image", _type("DERIVED")),
    # image type
    "type localiser": Fact("image type localiser", _type("LOCALIZER", "SCOUT")),
    "type reformat": Fact("image type reformat",
                          lambda e: _type("MPR", "CSA MPR", "REFORMATTED", "CSAPARALLEL", "CPR")(e)
                          or e.calculation in ("MPR", "CURVED_MPR")),
    "type projection": Fact("image type projection",
                            lambda e: _type("PROJECTION IMAGE", "MIP", "MNIP", "MINIP", "VRT")(e)
                            or e.calculation in ("MAX_IP", "MIN_IP", "VOLUME_RENDER")),
    "type subtraction": Fact("image type subtraction", _type("SUBTRACT", "SUBTRACTION", "SUB")),
    "type perfusion": Fact("image type perfusion",
                           _type_contains("PERFUSION", "ASL", "CBF", "CBV", "MTT", "TTP", "DSC", "DCE")),
    "type functional": Fact("image type functional", _type("FMRI", "BOLD", "T-MAP", "TTEST", "MOCO", "Z_MAP")),
    "type phase": Fact("image type phase",
                       lambda e: _type("P", "PHASE", "PHASE MAP", "REAL", "IMAGINARY", "R", "I", "VELOCITY")(e)
                       or e.complex_component in ("PHASE", "REAL", "IMAGINARY")),
    "type susceptibility": Fact("image type susceptibility", _type("SWI", "SWIP", "MNIP SWI", "QSM")),
    "type capture": Fact("image type screen capture", _type_contains("SCREEN", "SECONDARY CAPTURE", "REPORT")),
    "type map": Fact("image type quantitative map",
                     _type("T1 MAP", "T2 MAP", "T2_STAR MAP", "T2* MAP", "R2 MAP", "R2_STAR MAP", "PD MAP", "B0 MAP",
                           "B1 MAP", "FIELD_MAP", "T1_MAP", "T2_MAP", "MTR", "EADC")),
    "type ADC": Fact("image type ADC",
                     lambda e: any(t == "ADC" or t.startswith(("ADC_", "ADC ")) for t in e.image_type[2:])),
    "type diffusion": Fact("image type diffusion",
                           _type_contains("DIFFUSION", "TRACE", "TENSOR", "DWI", "CALC_BVALUE", "ISOTROPIC")),
    "type anisotropy": Fact("image type anisotropy", _type("FA", "RA", "VR", "COLFA")),
    "type uniform": Fact("image type uniform", _type("UNI", "UNI_DEN")),
    # coded contrast of enhanced objects
    "code T1": Fact("contrast coded T1", _code("T1")),
    "code T2": Fact("contrast coded T2", _code("T2")),
    "code FLAIR": Fact("contrast coded fluid-attenuated", _code("FLUID_ATTENUATED")),
    "code PD": Fact("contrast coded proton density", _code("PROTON_DENSITY")),
    "code T2*": Fact("contrast coded T2*", _code("T2_STAR")),
    "code STIR": Fact("contrast coded STIR", _code("STIR")),
    "code diffusion": Fact("contrast coded diffusion", _code("DIFFUSION")),
    "code perfusion": Fact("contrast coded perfusion", _code("PERFUSION")),
    "code flow": Fact("contrast coded flow", _code("TOF", "FLOW_ENCODED")),
    # pulse sequence
    "echo planar": Fact("echo planar",
                        lambda e: "EP" in e.scanning_sequence or _name("ep2d", "epse", "epfid", "epi")(e)),
    "spin echo": Fact("spin echo", _spin_echo),
    "gradient echo": Fact("gradient echo", _gradient_echo),
    "inversion": Fact("inversion", _inversion),
    "b-value": Fact("b {b_value:g} s/mm2", lambda e: (e.b_value or 0) > 0),
    "name turbo flash": Fact("sequence name turbo FLASH", _name("tfl3d", "bravo", "mprage", "fspgr")),
    "name flow": Fact("sequence name flow", _name("tof", "fl3d1r_t", "fl_pc", "pc3d")),
    "name susceptibility": Fact("sequence name susceptibility", _name("swi", "swan")),
    "name spectroscopy": Fact("sequence name spectroscopy", _name("svs_", "csi_", "press", "probe")),
    # times and angles
    "fat-nulling TI": Fact("TI {inversion_time:g} ms", lambda e: within(e.inversion_time, 60, 350)),
    "T1 TI": Fact("TI {inversion_time:g} ms", lambda e: within(e.inversion_time, 351, 1400)),
    "fluid-nulling TI": Fact("TI {inversion_time:g} ms", lambda e: within(e.inversion_time, 1401, 3500)),
    "TI unknown": Fact("", lambda e: not e.inversion_time),
    "shortest TE": Fact(_TE, lambda e: within(e.echo_time, 0.1, 8)),
    "short TE": Fact(_TE, lambda e: within(e.echo_time, 0.1, 42)),
    "susceptible TE": Fact(_TE, lambda e: within(e.echo_time, 12, 80)),
    "long TE": Fact(_TE, lambda e: within(e.echo_time, 60, 1000)),
    "shortest TR": Fact(_TR, lambda e: within(e.repetition_time, 1, 60)),
    "short TR": Fact(_TR, lambda e: within(e.repetition_time, 200, 1200)),
    "middle TR": Fact(_TR, lambda e: within(e.repetition_time, 1201, 4500)),
    "long TR": Fact(_TR, lambda e: within(e.repetition_time, 1700, 30000)),
    "spoiling angle": Fact("flip angle {flip_angle:g} degrees", lambda e: within(e.flip_angle, 5, 40)),
    "angle unknown": Fact("", lambda e: e.flip_angle is None),
    "steep angle": Fact("flip angle {flip_angle:g} degrees", lambda e: within(e.flip_angle, 41, 180)),
    # contrast agent
    "agent": Fact("a contrast agent in the header", lambda e: e.contrast_agent not in NO_AGENT),
    "agent denied": Fact("a header that says no contrast agent", lambda e: e.contrast_agent in NO_AGENT - {""}),
    "dose": Fact("a contrast dose in the header", lambda e: (e.contrast_dose or 0) > 0),
}  # fmt: skip
"""Every fact that rules refer to, beside the classes of words ("word t1", ...)."""


def facts_of(evidence: Evidence, repeats: int = 1) -> Mapping[str, str]:
    """The facts that hold for a series, each with the phrase that a reason words it with."""
    facts = {
        name: fact.phrase.format(**vars(evidence)) if "{" in fact.phrase else fact.phrase
        for name, fact in FACTS.items()
        if fact.holds(evidence)
    }
    for name in sorted(words_of(evidence.description, evidence.protocol, evidence.manufacturer)):
        facts[f"word {name}"] = f"a word for {name}"
    if repeats > DYNAMIC_REPEATS:
        facts["dynamic"] = f"{repeats} images at each position"
    return facts
