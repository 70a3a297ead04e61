"""Classes of words in series descriptions, of many vendors and languages. What was written never leaves this module."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_T1 = r"(?:(?<![a-z])|3d|2d|ax|sag|cor|tra|tse|fse|ffe|mr)t1(?!\d|rho)"
_T2 = r"(?:(?<![a-z])|3d|2d|ax|sag|cor|tra|tse|fse|ffe|mr)t2(?!\d)"
_AGENT = (
    r"(?:gd|gad|gado\w*|gadolinium|dotarem|magnevist|multihance|prohance|clariscan|km|kontrast(?!siz)\w*|contrast[eo]?|"
    r"mdc|mdk|kst)"
)

_PATTERNS: Mapping[str, str] = {
    # weighting
    "t1": _T1,
    "t1 flair": rf"{_T1}[\w \-]*?(?:flair|tirm|dark.?fl)|(?:flair|tirm)[ \-]?t1(?!\d)",
    "gradient-echo t1": (
        r"mp?.?rage|m[ep]{2}rage|bravo|f?spgr|\btfl\b|\btfe\b|\b3d.?tfe|\bvibe|\blava|thrive|\bt1.?mpr|"
        r"\bfame\b"
    ),
    "t2": _T2,
    "flair": r"flair|dark.?fl(?:uid)?\b|\bda.?fl\b|fluid.?atten|spc.?ir\b|vista.?ir\b",
    "t2 star": (
        r"t2 ?\*|t2.?(?:star|stern|etoile)\b|\bt2s\b|t2.?(?:ffe|fl2d|fl3d|gre|ge\b|medic|hemo|haem)|"
        r"\bhemo|\bhaemo|\bgre\b|\bmerge\b|\bmedic\b"
    ),
    "proton density": r"\bpd\b|\bpdw?\b|proton|\bdp\b|\brho\b|densidad",
    "fat-nulling inversion": r"\bstir\b|\bt2.?tirm(?!.*dark)",
    # diffusion
    "adc": r"(?<!e)(?<!exp )(?<!exp_)adc|apparent.?diff|diffusion.?coeff|coeff\w*.*diffusion",
    "exponential adc": r"\be.?adc\b|exp\w*[ \-_.]*(?:adc|apparent|att)",
    "diffusion": (
        r"\bdwi?\b|dwi|diff|\bdti\b|\bdki\b|noddi|trace|\bb ?= ?\d{3,4}|\bb[ _]?\d{3,4}\b|resolve|"
        r"\bepi.?dw|colfa|tensor|\bfa\b|fract.*aniso|\bivim\b"
    ),
    # other things than a weighting
    "localiser": (
        r"locali[sz]|\bloc\b|scout|survey|topogram|plane.?loc|3.?plane|lokali|ubersicht|uebersicht|"
        r"planung|reperage|smart.?brain|\bplan\b|posicion"
    ),
    "calibration": r"calib|\basset\b.*cal|\bcal\b|shim|ref(?:erence)?.?scan|senseref|coil.?sens|prescan|\bnoise\b",
    "reformat": r"reformat|\brfmt|\brefmt|\bmpr\b|curved|multiplan|rekon|oblique recon",
    "projection": r"\bm?mip\b|\bminip\b|projection|\bvrt\b|\b3d.?render",
    "subtraction": r"\bsub(?![ \-]?\d)\b|subtr|soustr|sottr|sustrac|subtrak",
    "perfusion": (
        r"perf|\bdsc\b|\bdce\b|\bpwi\b|cb[fv]\b|\bmtt\b|\bttp\b|\btmax\b|\bt0\b|\bp?c?asl\b|\b3dasl|"
        r"k.?trans|dynamic|dynamisch|time.?to.?peak|\bgbp\b|neuro.?eco|first.?pass|leakage"
    ),
    "functional": r"\bbold|fmri|\brest(?:ing)?\b|\btask|moco.?series|\bgo.?lm\b|finger|t.?test|activation",
    "susceptibility": r"\bswi|\bswan\b|\bswip|susc|veno.?bold|fsbb|\bqsm\b|pha(?:se)?\b(?!.?enc)|\bswm\b",
    "angiography": (
        r"\btof|\bm\.?r\.?[av]\b|angio|venogr|\bpc3d|\bpca\b|inhance|\btricks|\btwist\b|phlebo|\bcow\b|"
        r"willis|\bce.?mra|\bvess|gefaess|gefass|arter"
    ),
    "spectroscopy": r"spectr|\bmrs\b|\bcsi\b|\bsvs\b|\bpress\b|svs_|\bnaa\b|\bmrsi\b",
    "field map": (
        r"field.?map|gre.?field|\bb0.?map|\bb1.?map|\bb1\b.?field|spin.?echo.?field|distortion|\btopup|"
        r"\bap.?pa\b|\bsbref\b"
    ),
    "steady state": (
        r"\bciss\b|fiesta|tru?e?.?fi(?:sp)?\b|\bb.?ffe|\bbtfe|\bbalanced|\bdrive?\b.*(?:iac|cai)|"
        r"\bsarge\b|\bcosmic\b"
    ),
    "double inversion": r"\bdir\b|double.?ir\b|double.?inv|\bpsir\b",
    "quantitative map": (
        r"\bt[12].?(?:map|mapping|carte)\b|t1.?rho|\bt2.?map|relaxo|mp2rage.*t1.?(?:map|images)|"
        r"synthe?tic|\bmagic\b|syri|\b[rt]2.?\*? ?map|\bmt[rs]\b|magneti[sz]ation.?transf|\bcest\b|"
        r"\bapt\b|elasto"
    ),
    "inversion image": r"inv[ _\-]?[12]\b|_inv[12]",
    "uniform image": r"\bmp2rage.*uni|\buni[ _\-]?(?:den|images)|unit1|_uni\b",
    "screen capture": r"screen|capture|snapshot|secondary|report|result|protokoll|dose|montage|fusion|overlay",
    "head": (
        r"brain|head|cerebr|encephal|enceph|crani|neuro|kopf|schadel|schaedel|tete|cabeza|cerveau|hirn|"
        r"gehirn|testa|encefal|hoofd|hersen"
    ),
    "other body part": (
        r"spine|\b[ctl].?sp\b|\b[ctl].?spine|\bhws|\bbws|\blws|wirbel|columna|colonna|rachis|rachid|lumb|"
        r"lomb|thorac|dorsal|\bcervical|knee|knie|genou|ginocchio|rodilla|shoulder|schulter|hombro|epaule|"
        r"\bhip\b|hufte|abdom|liver|leber|foie|pelvi|becken|prostat|breast|mamma|heart|card|wrist|ankle|"
        r"elbow|\bfoot|myelo|sacr|whole.?body"
    ),
    # contrast
    "before contrast": (
        r"\bpre\b(?![ \-]?(?:op|surg|rad|sat|scan))|\bpre(?:con|gad|gd|km)|\bbefore\b|\bnativ|\bohne\b|\bo\.? ?km\b|"
        r"\bvor (?:km|kontrast|gd)|\bwithout\b|\bw\/?o\b(?! ?fs)|\bw\/out\b|"
        rf"\bno[nt]?[ \-]?(?:\+ ?c\b|{_AGENT}|enh)|\bunenh|\bplain\b|\bsans\b(?! fat)|\bsin\b|\bsenza\b|"
        r"\bsem\b|\bs\/c\b|\bsc\b|\bbasal|\bavant\b|\bantes\b|\bprima\b|\butan\b|\buden\b|\bzonder\b|"
        r"\bblanco\b|\bbez\b|kontrastsiz|(?<![\w])-c\b|单纯|単純|平扫|造影前"
    ),
    "after contrast": (
        rf"\+ ?(?:c|ce|k)\b|\+ ?{_AGENT}\b|\bc ?\+|t1 ?\+|"
        r"\bpost\b(?![ \-]?(?:op|surg|rad|proc|fossa))|\bpost(?:con|gad|gd|km)|"
        rf"\b{_AGENT}\b|t1[ _\-]?(?:w[ _\-]?)?(?:ce|c|gd|gad|km)\b|\bce\b|\bafter\b|\bavec\b|"
        rf"\binj\w*|\bapres\b|\bcon (?:c|civ)\b|\bc\/c\b|\bw\/? ?(?:c|contrast|{_AGENT})\b|\bwith\b(?! (?:fat|fs|out))|"
        r"\benhanced\b|\bnach\b|\bdopo\b|\bna (?:c|gd)|\bmet c|\bpc\b|\bgd\+|kontrastli|造影|增强|增強"
    ),
}  # fmt: skip
"""Class of word -> regular expression on the folded text."""

_COMPILED = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}

_WHAT = rf"[ \-]*(?:{_AGENT}|inj\w*|enh\w*|civ|c)?\b"

_WITH_AND_WITHOUT = re.compile(r"\bw(?:ith)?\W*(?:and)?\W*w\W?(?:o|ithout)\b" + _WHAT)
"""Says of an examination that it has both, and of a series nothing."""

_BEFORE_AND_WHAT = re.compile(f"(?:{_PATTERNS['before contrast']}){_WHAT}")
"""A word for "before" takes the word for the agent after it along: "ohne KM" holds no "KM"."""

HIDES: Mapping[str, frozenset[str]] = {
    "t1 flair": frozenset({"flair", "fat-nulling inversion"}),
    "flair": frozenset({"t2", "fat-nulling inversion"}),
    "t2 star": frozenset({"t2"}),
    "exponential adc": frozenset({"adc"}),
    "inversion image": frozenset({"gradient-echo t1", "uniform image"}),
    "uniform image": frozenset({"reformat"}),
}
"""A more special class hides the general one that its words also match: "T2 FLAIR" is no T2."""

_WEIGHTINGS = frozenset(
    {"t1", "t1 flair", "gradient-echo t1", "t2", "flair", "t2 star", "proton density", "fat-nulling inversion"}
)
_CONTRAST = frozenset({"before contrast", "after contrast"})


def fold(text: str) -> str:
    """Lower case, without accents, underscores and dots as blanks.

    >>> fold("T1_MPR  après.Injection")
    't1 mpr apres injection'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if unicodedata.category(c) != "Mn")
    return re.sub(r"[_.,;:()\[\]|^\s]+", " ", plain).strip()


def word_classes(text: str) -> frozenset[str]:
    """Which classes of words a description holds.

    >>> sorted(word_classes("AX T2 FLAIR"))
    ['flair']
    >>> sorted(word_classes("t1_se_tra ohne KM"))
    ['before contrast', 't1']
    """
    folded = fold(text)
    folded = _WITH_AND_WITHOUT.sub(" ", folded)
    without = _BEFORE_AND_WHAT.sub(" ", folded)
    found = {name for name, pattern in _COMPILED.items() if name != "after contrast" and pattern.search(folded)}
    if _COMPILED["after contrast"].search(without):
        found.add("after contrast")
    return frozenset(found - frozenset[str]().union(*(HIDES.get(name, frozenset()) for name in found)))


def words_of(description: str, protocol: str, manufacturer: str) -> frozenset[str]:
    """Classes of words of a series: its description speaks first, its protocol where the description is silent.

    GE writes the name of the whole examination ("brain with and without") into ProtocolName: not used.
    """
    first = word_classes(description)
    if manufacturer.split(" ")[0] == "GE":
        return first
    second = word_classes(protocol)
    for group in (_WEIGHTINGS, _CONTRAST):
        if first & group:
            second -= group
    return first | second
