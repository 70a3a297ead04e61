"""Labels in the words of data sets and models: dataset.json of MSD and nnU-Net, dseg.tsv of BIDS, our labels.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.core.labels import BRAIN, BRATS, PAEDIATRIC, POSTOPERATIVE, SCHEMES, WHOLE, LabelScheme
from oncontour.data.datasets.labels import Convention

BACKGROUND = frozenset({"background", "bg", "unlabeled"})

_WORDS = {
    "NCR": (
        "ncr|necrosis|necrotic|necrotic core|necrotic tumor|necrotic tumor core|ncr net|net ncr|ncrnet|netc|"
        "non enhancing tumor core|nonenhancing tumor core|necrotic and non enhancing tumor|"
        "necrotic and non enhancing tumor core|non enhancing core"
    ),
    "NET": "net|non enhancing tumor|nonenhancing tumor|non enhancing|nonenhancing",
    "ED": (
        "ed|edema|peritumoral edema|peritumoral edema and infiltration|edema infiltration and scar|snfh|"
        "surrounding non enhancing flair hyperintensity|invaded tissue|peritumoral edematous invaded tissue"
    ),
    "ET": (
        "et|enh|enhancing tumor|enhancing tumor core|enhancing|enhancing tissue|gd enhancing tumor|"
        "contrast enhancing tumor|active tumor"
    ),
    "CC": "cc|cystic component|cyst|cysts|cystic",
    "RC": "rc|resection cavity|cavity|resection cavity with its blood and gas",
    "WT": "wt|whole|whole tumor|tumor with its edema|tumor|lesion",
    "TC": "tc|tumor core|core",
    "BRAIN": "brain|brain mask|brain with its ventricles",
}
LABEL_WORDS: Mapping[str, str] = {words: name for name, all_words in _WORDS.items() for words in all_words.split("|")}
"""What data sets call a label or region -> our name, in American spelling, with spaces for signs."""


def label_name(text: str) -> str | None:
    """Our name for a label in a data set's words.

    >>> label_name("Peritumoural oedema"), label_name("enhancing tumour"), label_name("left kidney")
    ('ED', 'ET', None)
    """
    plain = re.sub(r"[^a-z0-9]+", " ", text.lower()).strip().replace("tumour", "tumor").replace("oedema", "edema")
    return LABEL_WORDS.get(plain.replace("peritumoural", "peritumoral"))


def stated_convention(names: Mapping[str, int | list[int]], source: str) -> Convention:
    """What a data set's own names of its values say.

    Args:
        names: name of a label -> its value; name of a region -> its values (region-based training).
        source: the file that says so, for messages.

    Raises:
        InputError: a name that none of our schemes has.

    >>> stated_convention({"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3}, "x").labels
    {1: 'ED', 2: 'NCR', 3: 'ET'}
    >>> stated_convention({"whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]}, "x").labels
    {1: 'ED', 2: 'NCR', 3: 'ET'}
    """
    given = {name: value for name, value in names.items() if name.lower() not in BACKGROUND}
    scheme = _scheme_with(set(given))
    ours = {name: _ours(name, scheme) for name in given}
    unknown = sorted(name for name, known in ours.items() if known is None)
    if unknown or not ours:
        found = f"labels named {', '.join(unknown)}" if unknown else "no label"
        known = ", ".join(one.name for one in SCHEMES[scheme or BRATS.name].labels)
        remedy = "Say what the values mean in a labels.json beside the data."
        raise InputError(source, found, f"names of tumour parts, such as {known}", remedy)
    found_names = {known for known in ours.values() if known}
    decided = SCHEMES[scheme] if scheme else _scheme_of(found_names)
    if any(isinstance(values, list) for values in given.values()) or "TC" in found_names:
        labels = _from_regions({str(ours[name]): _values(values) for name, values in given.items()}, decided, source)
    else:
        labels = {
            value: _as_label(str(ours[name]), decided) for name, values in given.items() for value in _values(values)
        }
    return Convention(f"as {Path(source).name} says", decided.name, labels)


def _values(values: int | list[int]) -> list[int]:
    return [int(value) for value in values] if isinstance(values, list) else [int(values)]


def _scheme_with(names: set[str]) -> str | None:
    """The scheme that has exactly these labels, by our own names."""
    for scheme in SCHEMES.values():
        if names == {label.name for label in scheme.labels}:
            return scheme.name
    return None


def _ours(name: str, scheme: str | None) -> str | None:
    if scheme is not None and name in {one.name for one in (*SCHEMES[scheme].labels, *SCHEMES[scheme].regions)}:
        return name
    return label_name(name)


def _scheme_of(names: set[str]) -> LabelScheme:
    """The scheme whose labels these are."""
    if names == {"BRAIN"}:
        return BRAIN
    if names == {"WT"}:
        return WHOLE
    return PAEDIATRIC if "CC" in names else POSTOPERATIVE if "RC" in names else BRATS


def _as_label(name: str, scheme: LabelScheme) -> str:
    """A label's name in the scheme: what does not enhance belongs to the core where the scheme has no word for it."""
    known = {label.name for label in scheme.labels}
    return "NCR" if name == "NET" and name not in known else name


def _from_regions(regions: Mapping[str, list[int]], scheme: LabelScheme, source: str) -> dict[int, str]:
    """Value -> label: the one label of the scheme that lies in the same regions as the value."""
    known = {region.name: region.labels for region in scheme.all_regions}
    labels = {}
    for value in sorted({value for values in regions.values() for value in values}):
        inside = {name for name, values in regions.items() if value in values}
        fitting = [
            label.name
            for label in scheme.labels
            if all((label.name in known.get(name, frozenset({name}))) == (name in inside) for name in regions)
        ]
        if len(fitting) != 1:
            found = f"value {value}, in {', '.join(sorted(inside))}"
            what = " or ".join(fitting) or "no label"
            remedy = "Say what the values mean in a labels.json beside the data."
            raise InputError(source, f"{found}: {what} of scheme {scheme.name}", "regions that tell one label", remedy)
        labels[value] = fitting[0]
    return labels
