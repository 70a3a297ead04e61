"""What a sender is answered when its image is not taken, the same by C-STORE and by STOW-RS."""

from __future__ import annotations

from collections.abc import Mapping

from oncontour.node.spool.refusal import Refusal

STATUS: Mapping[Refusal, int] = {
    Refusal.NO_ROOM: 0xA700,
    Refusal.TOO_BIG: 0xA700,
    Refusal.MISMATCH: 0xA900,
    Refusal.NO_IDENTITY: 0xC000,
    Refusal.NOT_DICOM: 0xC000,
    Refusal.TRANSFER_SYNTAX: 0xC000,
}
"""PS3.4 Table B.2-1, PS3.18 Table I.2-2."""

PROCESSING_FAILURE = 0x0110
"""PS3.7 C.5.4: ours, not the sender's."""
