"""Who a case is of, by the name that the data set gave it."""

from __future__ import annotations

import re

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(BraTS-[A-Z]+-\d+)-\d+",  # 2023 and later: patient, visit
        r"(BraTS1[789]_\w+)_\d+",  # 2017 to 2019: institution, patient, time point
        r"(brats_\w+?_pat\d+)_\d+",  # 2012 to 2016: source, patient, time point
        r"(sub-[A-Za-z0-9]+)(?:_ses-[A-Za-z0-9]+)",  # BIDS
        r"(UPENN-GBM-\d+)_\d+",
        r"(UCSF-PDGM-\d+)(?:_FU\w+)",
        r"(TCGA-\w\w-\w+?)[-_.]\w+",
    )
)
"""Names whose end is a visit; what comes before it is the patient."""


def patient_of(name: str) -> str:
    """The patient of a case: its name without the visit, or the whole name where it holds none.

    >>> patient_of("BraTS-GLI-00005-101"), patient_of("Brats18_CBICA_AAB_1"), patient_of("BraTS20_Training_001")
    ('BraTS-GLI-00005', 'Brats18_CBICA_AAB', 'BraTS20_Training_001')
    """
    for pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return match.group(1)
    return name
