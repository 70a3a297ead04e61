"""Storage commitment, between the node and PACS by pynetdicom and Orthanc; and its reports, good and bad."""

import logging
import threading
import time
from dataclasses import replace
from functools import partial
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from oncontour.node.delivery.keep import take_report
from oncontour.node.delivery.send import send
from oncontour.node.delivery.sending import Sending
from oncontour.node.delivery.settings import DeliverySettings
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import LostCaseError, claim, make_case, move
from oncontour.node.ledger.commitments import Outcome, note_asked, promises
from oncontour.node.ledger.deliveries import list_deliveries, plan_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.tables import METADATA
from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.peer import PeerError, Reference, references_of
from oncontour.node.peers.settings import DimsePeer
from oncontour.node.watch.alerts import find_alerts
from oncontour.node.watch.settings import WatchSettings

from ...orthanc import TITLE
from ...orthanc import running as orthanc_running
from ..pacs import PROCESSING_FAILURE, report, reporting, running, send_report, tell
from ..peers.conftest import write_image
from ..receive.ears import scp

CASE = "s-1"
NO_SUCH_EVENT, INVALID_ARGUMENT, NO_SUCH_INSTANCE = 0x0113, 0x0115, 0x0112


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return f"sqlite:///{tmp_path}/node.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def base(url):
    engine = open_base(url)
    yield engine
    METADATA.drop_all(engine)
    engine.dispose()


@pytest.fixture
def ear(base, url, tmp_path):
    """Of another node of the same data base: reports may come to any."""
    other = open_base(url)
    with scp(tmp_path / "spool", take=partial(take_report, other, "other")) as listening:
        yield listening
    other.dispose()


@pytest.fixture
def pacs():
    with running() as there:
        yield there


@pytest.fixture
def sending(base, tmp_path):
    """Three results of a case, to be brought to the PACS."""
    make_case(base, "node", "s", 1, ["1"], sender="MR1", complete_by="count", first_at=1.0, last_at=2.0)
    folder = tmp_path / "results"
    folder.mkdir()
    study, series = generate_uid(), generate_uid()
    files = [write_image(folder / f"{n}.dcm", study, series, n) for n in range(3)]
    by_instance = {reference.instance: file for file, reference in references_of(files).items()}
    plan_deliveries(base, CASE, {instance: file.name for instance, file in by_instance.items()}, ["pacs"])
    return Sending(base, "node", CASE, by_instance, DeliverySettings(seen_s=30.0), lambda: None)


def impatient(sending, **settings):
    return replace(sending, settings=DeliverySettings(**{"seen_s": 0.6, **settings}))


def peers_at(port, title="PACS", **settings):
    peer = DimsePeer(
        protocol="dimse", title=title, host="127.0.0.1", port=port, commitment=True, timeout_s=20, **settings
    )
    return {"pacs": Dimse("pacs", peer, "ONCONTOUR")}


def there(base):
    return [delivery.there_at is not None for delivery in list_deliveries(base, CASE)]


def kinds(base):
    return [(event.node, event.kind) for event in list_events(base, CASE) if event.kind != "complete"]


def outcomes(base):
    return sorted(str(promise.outcome) for promise in promises(base, CASE, "pacs").values())


@pytest.mark.parametrize("roles", [(False, True), (True, True), None], ids=["scp", "both", "none"])
def test_a_report_on_an_association_of_its_own(sending, base, ear, pacs, roles):
    def on_request(association, transaction, instances):
        pacs.answers.append(tell(ear.port, report(transaction, instances), roles))

    pacs.on_request = on_request
    assert send(sending, peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3
    assert kinds(base) == [("node", "commitment asked"), ("other", "committed")]
    (asked,) = pacs.asked.values()
    assert sorted(asked) == sorted(pacs.stored) == sorted(one.instance for one in list_deliveries(base, CASE))
    assert send(sending, peers_at(pacs.port)) == {}
    assert len(pacs.asked) == 1


@pytest.mark.parametrize("roles", [(False, True), (True, True), (True, False), None])
def test_the_role_that_a_peer_proposes_is_granted(tmp_path, roles):
    with scp(tmp_path / "spool", take=lambda report: True) as ear, reporting(ear.port, roles) as association:
        granted = association.acceptor.role_selection
        assert [(one.scu_role, one.scp_role) for one in granted.values()] == ([roles] if roles else [])
        assert send_report(association, report("1.2.3")) == 0


def test_a_report_on_the_same_association(sending, base, pacs):
    pacs.on_request = lambda association, transaction, instances: pacs.answers.append(
        send_report(association, report(transaction, instances))
    )
    assert send(sending, peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3
    assert kinds(base) == [("node", "commitment asked"), ("node", "committed")]
    end = time.monotonic() + 20
    while not pacs.answers and time.monotonic() < end:
        time.sleep(0.05)
    assert pacs.answers == [0]


def test_an_answer_on_the_same_association_is_not_broken_off(pacs):
    took = threading.Event()

    def take(_):
        took.set()
        time.sleep(1.0)
        return True

    pacs.on_request = lambda association, transaction, instances: pacs.answers.append(
        send_report(association, report(transaction, instances))
    )
    with peers_at(pacs.port)["pacs"].asked_to_keep("1.2.3", [Reference("1.1", "1.9", "1.8", "1.4")], take):
        assert took.wait(20)
    end = time.monotonic() + 20
    while not pacs.answers and time.monotonic() < end:
        time.sleep(0.05)
    assert pacs.answers == [0]


def test_what_is_not_kept_is_sent_again(sending, base, ear, pacs):
    lost = []

    def on_request(association, transaction, instances):
        if not lost:
            lost.append(instances[0])
            pacs.answers.append(tell(ear.port, report(transaction, instances[1:], instances[:1])))
        else:
            pacs.answers.append(tell(ear.port, report(transaction, instances)))

    pacs.on_request = on_request
    assert send(sending, peers_at(pacs.port)) == {"pacs": "it does not keep 1 objects (failure reason 0x0110)"}
    assert sorted(there(base)) == [False, True, True]
    assert send(sending, peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3
    assert [pacs.stored.count(one) for one in lost] == [2]
    assert len(pacs.stored) == 4
    assert list(pacs.asked.values())[1] == lost
    assert [kind for _, kind in kinds(base)] == [
        "commitment asked", "committed", "commitment failed", "commitment asked", "committed",
    ]  # fmt: skip


def test_a_report_that_comes_later_is_waited_for_and_nothing_is_asked_twice(sending, base, ear, pacs):
    hasty = impatient(sending)
    for _ in range(2):
        assert send(hasty, peers_at(pacs.port)) == {"pacs": "its report on keeping 3 objects has not come"}
    assert there(base) == [False] * 3
    ((transaction, instances),) = pacs.asked.items()
    assert tell(ear.port, report(transaction, instances)) == 0
    assert send(hasty, peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3
    assert (len(pacs.asked), len(pacs.stored)) == (1, 3)


def test_a_report_that_never_comes(sending, base, pacs):
    hasty = impatient(sending, commitment_s=0.1)
    assert send(hasty, peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3
    assert [kind for _, kind in kinds(base)] == ["commitment asked", "commitment overdue"]
    (event,) = [event for event in list_events(base, CASE) if event.kind == "commitment overdue"]
    assert event.detail == {"peer": "pacs", "objects": 3, "after_s": 0.1}


def test_without_a_report_what_the_peer_no_longer_has_is_not_delivered(sending, base, pacs):
    assert send(impatient(sending), peers_at(pacs.port)) != {}
    pacs.images.popitem()
    refusing = Dimse("pacs", peers_at(pacs.port)["pacs"].settings, "ONCONTOUR")
    object.__setattr__(refusing, "store", lambda files: dict.fromkeys(files, "no room"))
    assert "no room" in send(impatient(sending, commitment_s=0.1), {"pacs": refusing})["pacs"]
    assert sorted(there(base)) == [False, True, True]


def test_a_failure_that_comes_late_is_not_lost(sending, base, ear, pacs):
    """The case has counted as delivered: people are told, until it was sent again."""
    hasty = impatient(sending, commitment_s=0.1)
    assert send(hasty, peers_at(pacs.port)) == {}
    move(base, "node", claim(base, "node", CASE), State.DELIVERED)
    assert find_alerts(base, WatchSettings(), []) == []
    ((transaction, instances),) = pacs.asked.items()
    assert tell(ear.port, report(transaction, instances[1:], instances[:1])) == 0
    (alert,) = find_alerts(base, WatchSettings(), [])
    assert alert.text == f"pacs says late that it does not keep 1 objects of case {CASE}: `oncontour node retry`"
    pacs.on_request = lambda association, transaction, instances: tell(ear.port, report(transaction, instances))
    assert send(sending, peers_at(pacs.port)) == {}
    assert pacs.stored.count(instances[0]) == 2
    assert find_alerts(base, WatchSettings(), []) == []


def test_the_same_report_twice_and_one_that_contradicts_it(sending, base, ear, pacs):
    send(impatient(sending), peers_at(pacs.port))
    ((transaction, instances),) = pacs.asked.items()
    said = report(transaction, instances)
    assert [tell(ear.port, one) for one in (said, said, report(transaction, (), instances))] == [0, 0, 0]
    assert kinds(base) == [("node", "commitment asked"), ("other", "committed")]
    assert outcomes(base) == ["committed"] * 3


def test_what_a_report_does_not_mention_is_waited_for(sending, base, ear, pacs):
    send(impatient(sending), peers_at(pacs.port))
    ((transaction, instances),) = pacs.asked.items()
    assert tell(ear.port, report(transaction, instances[:1])) == 0
    assert outcomes(base) == ["None", "None", "committed"]
    both = report(transaction, instances[1:], instances[1:])  # Kept and not kept: not kept.
    assert tell(ear.port, both) == 0
    assert outcomes(base) == ["committed", "failed", "failed"]


def test_bad_reports_are_answered_and_the_ear_goes_on(sending, base, ear, pacs, caplog):
    send(impatient(sending), peers_at(pacs.port))
    ((transaction, instances),) = pacs.asked.items()
    good, nameless, crooked = report(transaction, instances), report(transaction), report(transaction)
    del nameless.TransactionUID
    crooked.TransactionUID = "9.9.9"
    caplog.set_level(logging.DEBUG, "oncontour")
    with reporting(ear.port) as association:
        assert send_report(association, report("1.2.3.4", instances)) == INVALID_ARGUMENT
        assert send_report(association, nameless) == INVALID_ARGUMENT
        assert send_report(association, crooked) == INVALID_ARGUMENT
        assert send_report(association, good, 7) == NO_SUCH_EVENT
        assert send_report(association, None, 1) == PROCESSING_FAILURE
        assert outcomes(base) == ["None"] * 3
        assert send_report(association, good) == 0
    assert outcomes(base) == ["committed"] * 3
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("oncontour")]
    assert any("did not ask for it" in line for line in ours)
    assert not any(uid in line for line in ours for uid in (transaction, "1.2.3.4", *instances))


def test_a_data_base_that_does_not_answer(sending, tmp_path, pacs):
    def broken(report):
        raise ConnectionError("a secret")

    with scp(tmp_path / "other", take=broken) as ear:
        assert tell(ear.port, report("1.2.3")) == PROCESSING_FAILURE


def test_who_waits_for_no_reports_accepts_none(tmp_path):
    with scp(tmp_path / "spool") as ear, pytest.raises(AssertionError), reporting(ear.port):
        pass


def test_killed_between_writing_and_asking(sending, base, ear, pacs):
    """Nobody knows whether the request went out: it is asked again, and both reports count."""
    instances = [one.instance for one in list_deliveries(base, CASE)]
    note_asked(base, CASE, "pacs", "2.25.1", instances, 3600.0)
    send(impatient(sending), peers_at(pacs.port))
    assert len(pacs.asked) == 1
    assert tell(ear.port, report("2.25.1", instances)) == 0
    assert send(impatient(sending), peers_at(pacs.port)) == {}
    assert there(base) == [True] * 3


def test_who_lost_the_case_asks_for_nothing(sending, base, pacs):
    peers = peers_at(pacs.port)
    peers["pacs"].store(sorted(sending.files.values()))

    def fence():
        raise LostCaseError("case", "lost", "ours", "Nothing.")

    with pytest.raises(LostCaseError):
        send(replace(sending, fence=fence), peers)
    assert (pacs.asked, promises(base, CASE, "pacs")) == ({}, {})


def test_a_peer_that_does_not_commit(sending, base):
    with running(commits=False) as pacs:
        peers = peers_at(pacs.port)
        why = send(sending, peers)["pacs"]
        assert "found no acceptance of Storage Commitment Push Model SOP Class" in why
        with pytest.raises(PeerError, match="no acceptance of Storage Commitment"):
            peers["pacs"].check_commitment()
    assert there(base) == [False] * 3


def test_a_request_that_is_refused(sending, base, pacs):
    pacs.status = 0x0213
    assert "status 0x0213 to the request for storage commitment" in send(sending, peers_at(pacs.port))["pacs"]
    pacs.status = 0
    send(impatient(sending), peers_at(pacs.port))
    assert len(pacs.asked) == 2


def test_a_request_to_us_ends_its_association_alone(ear):
    """We keep nothing for others."""
    from oncontour.node.commitment.messages import PUSH_MODEL, PUSH_MODEL_INSTANCE

    with reporting(ear.port, (True, True)) as association:
        answer, _ = association.send_n_action(report("1.2.3"), 1, PUSH_MODEL, PUSH_MODEL_INSTANCE)
        assert "Status" not in answer
    assert tell(ear.port, report("1.2.3")) == INVALID_ARGUMENT


@pytest.fixture
def known_orthanc(ear, tmp_path):
    """An Orthanc that knows where the node's reports go."""
    folder = tmp_path / "orthanc"
    folder.mkdir()
    with orthanc_running(folder, {"node": ("ONCONTOUR", "127.0.0.1", ear.port)}) as there:
        yield there


def test_orthanc_commits(sending, base, known_orthanc):
    peers = peers_at(known_orthanc.dicom, TITLE)
    peers["pacs"].check_commitment()
    assert send(sending, peers) == {}
    assert there(base) == [True] * 3
    assert kinds(base) == [("node", "commitment asked"), ("other", "committed")]
    sent = dcmread(sorted(sending.files.values())[0])
    found = known_orthanc.post("/tools/lookup", str(sent.SOPInstanceUID).encode())
    assert dcmread(BytesIO(known_orthanc.get(found[0]["Path"] + "/file"))).PixelData == sent.PixelData


def test_orthanc_says_what_it_does_not_have(sending, base, known_orthanc):
    (peer,) = peers_at(known_orthanc.dicom, TITLE).values()
    files = sorted(sending.files.values())
    peer.store(files[:2])
    references = [*references_of(files).values()]
    note_asked(base, CASE, "pacs", "2.25.7", [one.instance for one in references], 3600.0)
    with peer.asked_to_keep("2.25.7", references, lambda report: True):
        end = time.monotonic() + 30
        while len(promises(base, CASE, "pacs")) < 3 and time.monotonic() < end:
            time.sleep(0.1)
    said = promises(base, CASE, "pacs")
    assert [said[one.instance].outcome for one in references] == [Outcome.COMMITTED] * 2 + [Outcome.FAILED]
    assert said[references[2].instance].failure == NO_SUCH_INSTANCE
