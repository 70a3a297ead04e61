"""Why an image is not taken. Its sender is told; nothing of it stays."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """What is wrong, in words short enough for an Error Comment (64 characters, PS3.7 C)."""

    NO_ROOM = "no room to store it: disk full, or not writable"
    TOO_BIG = "larger than this node takes"
    NO_IDENTITY = "no study, series or instance UID could be read"
    MISMATCH = "SOP class or instance is not the one announced"
    NOT_DICOM = "not a DICOM file"
    TRANSFER_SYNTAX = "transfer syntax is not taken"


class RefusedError(Exception):
    """An image that is not taken: an answer for its sender, not a failure of ours.

    Args:
        refusal: why.
    """

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.value)
