"""Both kinds of peers against a real Orthanc."""

from contextlib import contextmanager

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt

from oncontour.node.peers.dimse import STUDY_ROOT_FIND, Dimse
from oncontour.node.peers.peer import PeerError, references_of
from oncontour.node.peers.settings import DimsePeer, WebPeer
from oncontour.node.peers.web import Web

from ...orthanc import TITLE, free_port

REFUSED = r"found (a refused association|nobody who answers)"
"""Orthanc at times hangs up before its refusal has arrived."""


@pytest.fixture(params=["dimse", "dicomweb"])
def peer(request, orthanc):
    if request.param == "dimse":
        return Dimse(
            "pacs",
            DimsePeer(protocol="dimse", title=TITLE, host="127.0.0.1", port=orthanc.dicom, timeout_s=10),
            "ONCONTOUR",
        )
    return Web("pacs", WebPeer(protocol="dicomweb", url=f"{orthanc.url}/dicom-web", timeout_s=10))


def test_what_is_stored_is_there(peer, study):
    uid, files = study
    references = references_of(files)
    assert peer.counts(uid) == {}
    assert peer.holds(references.values()) == frozenset()
    assert peer.store(files[:3]) == {}
    series = {references[file].series for file in files[:3]}
    assert peer.counts(uid) == {one: sum(references[file].series == one for file in files[:3]) for one in series}
    assert peer.holds(references.values()) == {references[file].instance for file in files[:3]}


def test_storing_twice_is_storing_once(peer, study, orthanc):
    uid, files = study
    assert peer.store(files) == {}
    assert peer.store(files) == {}
    assert sum(peer.counts(uid).values()) == len(files)


def test_pixels_arrive_as_they_were(peer, study, orthanc):
    from io import BytesIO

    from pydicom import dcmread

    _, files = study
    peer.store(files[:1])
    sent = dcmread(files[0])
    there = orthanc.post("/tools/lookup", str(sent.SOPInstanceUID).encode())
    assert dcmread(BytesIO(orthanc.get(there[0]["Path"] + "/file"))).PixelData == sent.PixelData


def test_nobody_listens(tmp_path):
    gone = DimsePeer(protocol="dimse", title="GONE", host="127.0.0.1", port=free_port(), timeout_s=2)
    with pytest.raises(
        PeerError, match=r"peer pacs: found nobody who answers; expected GONE to answer at 127\.0\.0\.1"
    ):
        Dimse("pacs", gone, "ONCONTOUR").counts(generate_uid())
    url = f"http://127.0.0.1:{free_port()}/dicom-web"
    with pytest.raises(PeerError, match="peer pacs: found ConnectionError; expected http"):
        Web("pacs", WebPeer(protocol="dicomweb", url=url, timeout_s=2)).counts(generate_uid())


def test_an_unknown_caller_is_refused(orthanc):
    settings = DimsePeer(protocol="dimse", title=TITLE, host="127.0.0.1", port=orthanc.dicom, timeout_s=10)
    with pytest.raises(PeerError, match=REFUSED):
        Dimse("pacs", settings, "STRANGER").counts(generate_uid())


def test_a_title_that_nobody_answers_to_is_refused(orthanc):
    settings = DimsePeer(protocol="dimse", title="ANOTHER", host="127.0.0.1", port=orthanc.dicom, timeout_s=10)
    with pytest.raises(PeerError, match=REFUSED):
        Dimse("pacs", settings, "ONCONTOUR").counts(generate_uid())


@pytest.mark.parametrize("title", ["", " " * 3, "A" * 17, "A\\B", "Ä"])
def test_no_title(title):
    with pytest.raises(ValueError, match="title"):
        DimsePeer(protocol="dimse", title=title, host="127.0.0.1", port=104)


@contextmanager
def finding(find):
    """A peer that answers questions."""
    entity = AE("PACS")
    entity.add_supported_context(STUDY_ROOT_FIND, ImplicitVRLittleEndian)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])
    try:
        settings = DimsePeer(protocol="dimse", title="PACS", host="127.0.0.1", port=server.server_address[1])
        yield Dimse("pacs", settings, "ONCONTOUR")
    finally:
        server.shutdown()


def test_images_are_counted_where_the_peer_counts_none():
    images = {"1.1": 3, "1.2": 5}

    def find(event):
        asked = event.identifier
        if asked.QueryRetrieveLevel == "SERIES":
            found = [{"SeriesInstanceUID": series} for series in images]
        else:
            found = [{"SOPInstanceUID": f"1.9.{n}"} for n in range(images[asked.SeriesInstanceUID])]
        for values in found:
            answer = Dataset()
            answer.QueryRetrieveLevel = asked.QueryRetrieveLevel
            for keyword, value in values.items():
                setattr(answer, keyword, value)
            yield 0xFF00, answer

    with finding(find) as peer:
        assert peer.counts("1.2.3") == images


def test_an_answer_that_nobody_can_read_is_an_error_of_the_peer():
    def find(event):
        answer = Dataset()
        answer.QueryRetrieveLevel, answer.SeriesInstanceUID = "SERIES", "1.2"
        answer.add_new(0x00201209, "LO", "many")
        yield 0xFF00, answer

    with finding(find) as peer, pytest.raises(PeerError, match="found an answer that cannot be read"):
        peer.counts("1.2.3")
