"""What settings refuse."""

import pytest
from pydantic import ValidationError

from oncontour.node.receive.settings import Caller, ReceiveSettings, ScpSettings
from oncontour.web.tls import Tls


def test_defaults_listen_to_this_machine_only():
    assert ReceiveSettings().scp.host == "127.0.0.1"
    assert ReceiveSettings().web is None


def test_outside_listeners_need_callers_or_certificates():
    with pytest.raises(ValidationError, match="list the callers"):
        ScpSettings(host="0.0.0.0")
    with pytest.raises(ValidationError, match="list the callers"):
        ScpSettings(host="0.0.0.0", tls=Tls(certificate="a", key="b"))
    ScpSettings(host="0.0.0.0", callers=(Caller(ae_title="MR1"),))
    ScpSettings(host="0.0.0.0", tls=Tls(certificate="a", key="b", authorities="c"))


@pytest.mark.parametrize("title", ["", " ", "A" * 17, "A\\B", "Ä", "A\nB"])
def test_ae_titles_that_are_none(title):
    with pytest.raises(ValidationError):
        Caller(ae_title=title)


def test_maximum_pdu_may_not_be_unlimited():
    with pytest.raises(ValidationError):
        ScpSettings(maximum_pdu=0)


def test_who_listens_needs_a_certificate():
    with pytest.raises(ValidationError, match="who listens needs a certificate"):
        ScpSettings(tls=Tls(authorities="c"))
