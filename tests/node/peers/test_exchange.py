"""Of what pynetdicom does with answers while somebody waits for them."""

import threading
import time

import pytest
from pydicom.uid import generate_uid
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider

from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.exchange import exchanging
from oncontour.node.peers.peer import references_of
from oncontour.node.peers.settings import DimsePeer

from ...orthanc import TITLE
from .conftest import write_image


def test_what_is_leant_on_is_there(orthanc):
    with connected(orthanc) as association:
        assert isinstance(association, Association)
        assert isinstance(association._reactor_checkpoint, threading.Event)
        assert isinstance(association.dul, DULServiceProvider)
        assert association.dul._run_loop_delay > 0
        time.sleep(0.05)
        assert association._is_paused in (True, False)


def test_its_thread_takes_no_message_and_goes_on_after_that(orthanc):
    with connected(orthanc) as association:
        delay, event = association.dul._run_loop_delay, association._reactor_checkpoint
        with exchanging(association):
            association.dimse.msg_queue.put((None, "an answer"))
            time.sleep(0.1)
            assert association.dimse.msg_queue.get_nowait() == (None, "an answer")
            assert association.dul._run_loop_delay < delay
        assert (association.dul._run_loop_delay, association._reactor_checkpoint) == (delay, event)
        assert association.is_established
    assert not association.is_alive() or association.join(10) is None


def test_one_that_has_ended_is_not_waited_for(orthanc):
    with connected(orthanc) as association:
        association.abort()
        association.join(10)
        with exchanging(association):
            pass


@pytest.mark.slow
def test_no_answer_is_lost_while_other_threads_work(orthanc, tmp_path):
    """A busy thread makes the moment long in which pynetdicom's own thread takes an answer."""
    study, series = generate_uid(), generate_uid()
    files = [write_image(tmp_path / f"{n}.dcm", study, series, n) for n in range(300)]
    busy = threading.Event()

    def work():
        while not busy.is_set():
            pass

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        peer = dimse(orthanc)
        assert peer.store(files) == {}
        assert len(peer.holds(references_of(files).values())) == len(files)
    finally:
        busy.set()
        worker.join()


def dimse(orthanc):
    return Dimse("pacs", DimsePeer(protocol="dimse", title=TITLE, host="127.0.0.1", port=orthanc.dicom), "ONCONTOUR")


def connected(orthanc):
    return dimse(orthanc).association([("1.2.840.10008.1.1", None)])
