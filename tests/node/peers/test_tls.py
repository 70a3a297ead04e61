"""TLS towards other people's servers: dcmtk's, Orthanc's by DICOM, Orthanc's by https."""

import shutil
import subprocess
import time

import pytest
from pydicom.uid import generate_uid

from oncontour.core.errors import InputError
from oncontour.node.peers.dimse import Dimse
from oncontour.node.peers.peer import PeerError
from oncontour.node.peers.settings import DimsePeer, WebPeer
from oncontour.node.peers.web import Web
from oncontour.web.tls import Tls

from ...certificates import certificate, encrypted
from ...orthanc import TITLE, free_port, running

UNTRUSTED = "a certificate that we do not trust"
UNWANTED = "a TLS handshake that failed"


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """A hospital's authority, certificates by it, and a stranger."""
    folder = tmp_path_factory.mktemp("papers")
    for name, issuer in (("ca", None), ("server", "ca"), ("node", "ca"), ("stranger", None)):
        certificate(folder, name, issuer)
    return folder


@pytest.fixture(scope="module")
def storescp(papers, tmp_path_factory):
    """Its port, and the folder that it writes to; it wants a certificate of the hospital's."""
    if not shutil.which("storescp"):
        pytest.skip("storescp (Debian package dcmtk) is missing: nothing is sent to it")
    folder, port = tmp_path_factory.mktemp("storescp"), free_port()
    paths = [papers / "server.key", papers / "server.pem", "+cf", papers / "ca.pem"]
    process = subprocess.Popen(["storescp", "+tls", *paths, "-od", folder, str(port)], env={"TCP_NODELAY": "1"})
    try:
        time.sleep(1.0)
        yield port, folder
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def secure_orthanc(papers, tmp_path_factory):
    """An Orthanc that wants a certificate of the hospital's by DICOM, and the port of its reverse proxy, which does.

    Debian's Orthanc (1.10) itself ends at the first https connection.
    """
    settings = {
        "DicomTlsEnabled": True, "DicomTlsRemoteCertificateRequired": True,
        "DicomTlsPrivateKey": str(papers / "server.key"), "DicomTlsCertificate": str(papers / "server.pem"),
        "DicomTlsTrustedCertificates": str(papers / "ca.pem"),
    }  # fmt: skip
    known = {"ONCONTOUR": ("ONCONTOUR", "127.0.0.1", 104)}
    paths = papers / "server.pem", papers / "server.key", papers / "ca.pem"
    with (
        running(tmp_path_factory.mktemp("orthanc"), known, **settings) as there,
        encrypted(there.http, *paths) as proxy,
    ):
        yield there, proxy


def tls_of(papers, name="node", authority="ca"):
    files = {"certificate": papers / f"{name}.pem", "key": papers / f"{name}.key"} if name else {}
    return Tls(**files, authorities=papers / f"{authority}.pem")


def dimse(port, tls, title=TITLE):
    settings = DimsePeer(protocol="dimse", title=title, host="127.0.0.1", port=port, tls=tls, timeout_s=10)
    return Dimse("pacs", settings, "ONCONTOUR")


def web(port, tls):
    url = f"https://127.0.0.1:{port}/dicom-web"
    return Web("pacs", WebPeer(protocol="dicomweb", url=url, tls=tls, timeout_s=10))


@pytest.fixture(params=["dimse", "dicomweb"])
def peer(request, secure_orthanc):
    """A peer, given what it shows and trusts."""
    there, proxy = secure_orthanc
    return lambda tls: dimse(there.dicom, tls) if request.param == "dimse" else web(proxy, tls)


def test_to_dcmtk(papers, storescp, study):
    port, folder = storescp
    _, files = study
    assert dimse(port, tls_of(papers), "ANY").store(files) == {}
    assert len(list(folder.iterdir())) == len(files)


def test_to_orthanc(papers, peer, study):
    uid, files = study
    there = peer(tls_of(papers))
    assert there.store(files) == {}
    assert sum(there.counts(uid).values()) == len(files)


def test_an_authority_that_is_not_the_peers(papers, peer, storescp):
    wrong = tls_of(papers, authority="stranger")
    for one in (peer(wrong), dimse(storescp[0], wrong, "ANY")):
        with pytest.raises(PeerError, match=f"peer pacs: found {UNTRUSTED}"):
            one.counts(generate_uid())


@pytest.mark.parametrize("name", [None, "stranger"])
def test_no_certificate_that_the_peer_trusts(papers, peer, storescp, name):
    wrong = tls_of(papers, name)
    for one in (peer(wrong), dimse(storescp[0], wrong, "ANY")):
        with pytest.raises(PeerError, match=f"peer pacs: found {UNWANTED}"):
            one.counts(generate_uid())


def test_tls_to_who_speaks_none(papers, orthanc):
    with pytest.raises(PeerError, match=f"peer pacs: found {UNWANTED}"):
        dimse(orthanc.dicom, tls_of(papers)).counts(generate_uid())


def test_none_to_who_speaks_tls(papers, secure_orthanc):
    with pytest.raises(PeerError, match="found nobody who answers"):
        dimse(secure_orthanc[0].dicom, None).counts(generate_uid())


def test_a_certificate_for_another_host(papers, storescp):
    settings = DimsePeer(protocol="dimse", title="ANY", host="localhost", port=storescp[0], tls=tls_of(papers))
    with pytest.raises(PeerError, match=f"{UNTRUSTED} .*localhost"):
        Dimse("pacs", settings, "ONCONTOUR").counts(generate_uid())


@pytest.mark.parametrize("lost", ["certificate", "key", "authorities"])
def test_files_that_cannot_be_used_are_named(papers, peer, lost):
    files = {name: getattr(tls_of(papers), name) for name in ("certificate", "key", "authorities")}
    there = peer(Tls(**files | {lost: papers / "none.pem"}))
    named = "node" if lost == "key" else "none"
    with pytest.raises(InputError, match=rf"{named}\.pem: found No such file or directory; expected usable TLS files"):
        there.counts(generate_uid())


def test_what_settings_refuse():
    with pytest.raises(ValueError, match="belong together"):
        Tls(certificate="a.pem")
    with pytest.raises(ValueError, match="not https"):
        WebPeer(protocol="dicomweb", url="http://archive/dicom-web", tls=Tls())
