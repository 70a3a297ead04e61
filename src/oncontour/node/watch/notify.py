"""Telling people: by e-mail, by webhook."""

from __future__ import annotations

import logging
import smtplib
from email.message import EmailMessage

from oncontour.node.receive.settings import is_loopback
from oncontour.node.watch.settings import MailSettings, WatchSettings

_log = logging.getLogger(__name__)

TIMEOUT_S = 20.0


def notify(settings: WatchSettings, node: str, subject: str, lines: list[str]) -> bool:
    """Tell everyone who is to be told; whether all were reached, else the caller tries again.

    Args:
        lines: that name no patient.
    """
    import httpx

    told = True
    if settings.mail:
        try:
            _mail(settings.mail, f"[{node}] {subject}", "\n".join(lines))
        except (OSError, smtplib.SMTPException) as error:
            _log.error("no mail could be sent to %s: %s", settings.mail.server, type(error).__name__)
            told = False
    if settings.webhook:
        try:
            content = {"node": node, "subject": subject, "text": "\n".join([subject, *lines]), "lines": lines}
            httpx.post(settings.webhook, json=content, timeout=TIMEOUT_S).raise_for_status()
        except httpx.HTTPError as error:
            _log.error("the webhook could not be reached: %s", type(error).__name__)
            told = False
    return told


def _mail(settings: MailSettings, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, settings.sender, ", ".join(settings.to)
    message.set_content(text)
    with smtplib.SMTP(settings.server, settings.port, timeout=TIMEOUT_S) as server:
        if not is_loopback(settings.server):
            server.starttls()
        if settings.user and settings.password_file:
            server.login(settings.user, settings.password_file.read_text("utf-8").strip())
        server.send_message(message)
