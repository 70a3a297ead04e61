"""Whom a node tells what, as its configuration says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from oncontour.node.receive.settings import Port
from oncontour.plans.fields import Count, Frozen, Positive


class MailSettings(Frozen):
    """Alerts by e-mail.

    Args:
        server, port: of outgoing mail; STARTTLS is asked for unless the server is this machine.
        sender, to: addresses.
        user, password_file: where the server wants them.
    """

    server: str
    port: Port = 25
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password_file: Path | None = None


class WatchSettings(Frozen):
    """What is watched, and who is told.

    Args:
        host, port: of /healthz and /metrics; they name no patient.
        mail: alerts by e-mail.
        webhook: a URL that alerts are posted to, as JSON.
        silence_h: without any new study, after which an alert goes out; None: never.
        backlog: cases waiting, above which one goes out.
        undelivered_h: for which a peer may not have taken a case's results, before one goes out.
        summary_at: hour of the day, UTC, of the daily summary; None: none.
        every_s: between two looks.
    """

    host: str = "127.0.0.1"
    port: Port = 9464
    mail: MailSettings | None = None
    webhook: Annotated[str, Field(pattern=r"^https?://")] | None = None
    silence_h: Positive | None = None
    backlog: Count = 20
    undelivered_h: Positive = 1.0
    summary_at: Annotated[int, Field(ge=0, le=23)] | None = None
    every_s: Positive = 15.0

    @model_validator(mode="after")
    def _told_somewhere(self) -> Self:
        if self.summary_at is not None and not (self.mail or self.webhook):
            raise ValueError("summary_at: no mail and no webhook to send the summary to")
        return self
