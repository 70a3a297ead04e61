"""Plausible MR protocols at 3 T, one a sequence and acquisition, for the headers of synthetic series.

The numbers are those of common clinical protocols and agree among themselves: TE < TR, TI < TR, echo trains only where
the sequence has them, a contrast agent only after its injection. Names are in the style of one large vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oncontour.core.sequence import Sequence

Acquisition = Literal["2D", "3D"]


@dataclass(frozen=True)
class Protocol:
    """What a scanner was set to (PS3.3 C.8.3.1).

    Args:
        name: ProtocolName and SeriesDescription.
        pulse: SequenceName, the vendor's short name.
        scanning: ScanningSequence: SE spin echo, GR gradient echo, IR inversion recovery, EP echo planar.
        variant: SequenceVariant: SK segmented k-space, SP spoiled, MP magnetisation prepared, OSP oversampled.
        repetition_ms: RepetitionTime.
        echo_ms: EchoTime.
        flip_deg: FlipAngle.
        echo_train: EchoTrainLength.
        inversion_ms: InversionTime; None where nothing is inverted.
        options: ScanOptions: FS fat saturation, PFP partial Fourier in phase direction.
        image_type: ImageType.
    """

    name: str
    pulse: str
    scanning: tuple[str, ...]
    variant: tuple[str, ...]
    repetition_ms: float
    echo_ms: float
    flip_deg: float
    echo_train: int = 1
    inversion_ms: float | None = None
    options: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "M", "ND", "NORM")


_MPRAGE = (("GR", "IR"), ("SK", "SP", "MP"), 2300, 2.98, 9)
_SPIN_ECHO = (("SE",), ("SP", "OSP"), 550, 8.9, 90)
_DIFFUSION = Protocol(
    "ep2d_diff_b0_b1000_tra_ADC", "*ep_b0_1000", ("EP",), ("SK", "SP"), 6000, 80, 90, 64,
    options=("PFP", "FS"), image_type=("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND", "NORM"),
)  # fmt: skip

PROTOCOLS: Mapping[tuple[Sequence, Acquisition], Protocol] = {
    (Sequence.T1, "3D"): Protocol("t1_mprage_p2_iso", "*tfl3d1_16ns", *_MPRAGE, inversion_ms=900),
    (Sequence.T1, "2D"): Protocol("t1_se_tra", "*se2d1", *_SPIN_ECHO),
    (Sequence.T1CE, "3D"): Protocol("t1_mprage_p2_iso_post_Gd", "*tfl3d1_16ns", *_MPRAGE, inversion_ms=900),
    (Sequence.T1CE, "2D"): Protocol("t1_se_tra_post_Gd", "*se2d1", *_SPIN_ECHO),
    (Sequence.T2, "3D"): Protocol("t2_space_p2_iso", "*spc_282ns", ("SE",), ("SK", "SP"), 3200, 408, 120, 282),
    (Sequence.T2, "2D"): Protocol("t2_tse_tra", "*tse2d1_18", ("SE",), ("SK", "SP", "OSP"), 6000, 99, 150, 18),
    (Sequence.FLAIR, "3D"): Protocol(
        "t2_space_dark-fluid_p2_iso", "*spcir_278ns", ("SE", "IR"), ("SK", "SP", "MP"), 5000, 388, 120, 278, 1800
    ),
    (Sequence.FLAIR, "2D"): Protocol(
        "t2_tirm_tra_dark-fluid", "*tir2d1_16", ("SE", "IR"), ("SK", "SP", "MP", "OSP"), 9000, 81, 150, 16, 2500
    ),
    (Sequence.ADC, "3D"): _DIFFUSION,
    (Sequence.ADC, "2D"): _DIFFUSION,
}
"""ADC maps come from 2D acquisitions, however thin their slices."""
