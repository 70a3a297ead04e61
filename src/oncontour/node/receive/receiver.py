"""All ears at once: `with receiving(settings, spool, heard) as receiver`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from oncontour.node.background import repeating
from oncontour.node.commitment.answer import Take
from oncontour.node.receive.disk import Disk
from oncontour.node.receive.folder import watching
from oncontour.node.receive.intake import Heard, Intake
from oncontour.node.receive.scp import listening
from oncontour.node.receive.settings import ReceiveSettings
from oncontour.node.spool.store import Spool

_MB = 1_000_000

RECOVER_EVERY_S = 10.0
"""What a killed process left is too young to be told from what another one is at work on when that one starts anew."""


@dataclass(frozen=True)
class Receiver:
    """What listens.

    Args:
        disk: whether there is room.
        scp_port, web_port: where; the latter None where nothing listens.
    """

    disk: Disk
    scp_port: int
    web_port: int | None


@contextmanager
def receiving(settings: ReceiveSettings, spool: Spool, heard: Heard, take: Take | None = None) -> Iterator[Receiver]:
    """Listen until the end of the block.

    Args:
        spool: where images go. What an earlier process left there is brought in order first.
        heard: called with each arrival, from any thread, once the image is safe.
        take: keeps reports on storage commitment, from any thread; None: such are not accepted.

    Raises:
        InputError: an address is taken, or a file of the settings cannot be used.
    """
    spool.recover()
    disk = Disk(spool.folder, round(settings.keep_free_mb * _MB))

    def intake(biggest_mb: float) -> Intake:
        return Intake(spool, disk, heard, round(biggest_mb * _MB))

    with ExitStack() as stack:
        stack.enter_context(repeating("recover", RECOVER_EVERY_S, spool.recover))
        scp_port = stack.enter_context(listening(settings.scp, intake(settings.scp.biggest_object_mb), take))
        web_port = None
        if settings.web is not None:
            from oncontour.node.receive.web import serving_uploads

            web_port = stack.enter_context(serving_uploads(settings.web, intake(settings.web.biggest_object_mb)))
        if settings.folder is not None:
            stack.enter_context(watching(settings.folder, intake(settings.folder.biggest_object_mb)))
        yield Receiver(disk, scp_port, web_port)
