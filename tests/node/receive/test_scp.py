"""Other people's senders speak to our ear."""

import datetime
import logging
import socket
import ssl
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
    generate_uid,
)
from pynetdicom import AE, _config, build_context

from oncontour.core.errors import InputError
from oncontour.node.receive.scp import is_storage, listening, taken
from oncontour.node.receive.settings import Caller, ScpSettings
from oncontour.web.tls import Tls

from ...certificates import certificate
from ..images import SECRET, encoded, mr_image, save
from .ears import dcmtk, scp


@pytest.fixture
def ear(tmp_path):
    with scp(tmp_path / "spool") as listening:
        yield listening


def test_echo(ear):
    assert dcmtk("echoscu", "127.0.0.1", ear.port).returncode == 0


def test_an_idle_ear_lets_memory_be(tmp_path, monkeypatch):
    """pynetdicom looks through all of it every sixty polls; ours once after somebody called."""
    collected = []
    monkeypatch.setattr("oncontour.node.receive.scp._POLL_S", 0.005)
    monkeypatch.setattr("oncontour.node.receive.scp.gc.collect", lambda: collected.append(1))
    with scp(tmp_path / "spool") as ear:
        time.sleep(1.0)
        assert collected == []
        for _ in range(3):
            assert dcmtk("echoscu", "127.0.0.1", ear.port).returncode == 0
        end = time.monotonic() + 60
        while not collected and time.monotonic() < end:
            time.sleep(0.01)
    assert len(collected) == 1


@pytest.mark.parametrize(
    ("syntax", "convert", "option"),
    [
        (ImplicitVRLittleEndian, "+ti", "-xi"),
        (ExplicitVRLittleEndian, "+te", "-xe"),
        (ExplicitVRBigEndian, "+tb", "-xb"),
    ],
)
def test_a_study_by_dcmtk_element_by_element(ear, tmp_path, syntax, convert, option):
    images = [mr_image(series=f"1.2.3.{n % 2}") for n in range(4)]
    (tmp_path / "out").mkdir()
    for n, image in enumerate(images):
        dcmtk("dcmconv", convert, save(image, tmp_path / f"{n}.dcm"), tmp_path / "out" / f"{n}.dcm")
    sent = dcmtk("storescu", "-aet", "SCANNER", option, "127.0.0.1", ear.port, "+sd", tmp_path / "out")
    assert sent.returncode == 0, sent.stderr
    assert ear.kinds == ["new"] * 4
    assert {arrival.sender for arrival in ear.arrivals} == {"SCANNER"}
    kept = {read.SOPInstanceUID: read for read in map(pydicom.dcmread, ear.files)}
    for image in images:
        read = kept[image.SOPInstanceUID]
        assert read.file_meta.TransferSyntaxUID == syntax
        assert [(e.tag, e.value) for e in read if e.keyword != "PixelData"] == [
            (e.tag, e.value) for e in image if e.keyword != "PixelData"
        ]
        order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
        np.testing.assert_array_equal(np.frombuffer(read.PixelData, order), np.frombuffer(image.PixelData, "<u2"))


def test_compressed_images_stay_as_they_are(ear, tmp_path):
    image = mr_image()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.compress(RLELossless)
    path = tmp_path / "rle.dcm"
    image.save_as(path, enforce_file_format=True)
    sent = dcmtk("storescu", "-xr", "127.0.0.1", ear.port, path)
    assert sent.returncode == 0, sent.stderr
    read = pydicom.dcmread(ear.files[0])
    assert read.file_meta.TransferSyntaxUID == RLELossless
    assert read.PixelData == image.PixelData


def test_deflated_is_not_accepted(ear):
    entity = AE()
    entity.add_requested_context(MRImageStorage, DeflatedExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", ear.port)
    assert not association.accepted_contexts
    association.abort()


def test_duplicates_and_conflicts(ear, tmp_path):
    one, other = (mr_image(instance="1.5", pixels=bytes([value]) * 8192) for value in (1, 2))
    for n, image in enumerate([one, one, other]):
        assert dcmtk("storescu", "127.0.0.1", ear.port, save(image, tmp_path / f"{n}.dcm")).returncode == 0
    assert ear.kinds == ["new", "same", "conflict"]
    assert len(ear.files) == 2


def test_large_objects_through_small_pdus(ear, tmp_path):
    image = mr_image(pixels=np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8).tobytes())
    path = save(image, tmp_path / "a.dcm")
    assert dcmtk("storescu", "--max-send-pdu", "4096", "127.0.0.1", ear.port, path).returncode == 0
    assert ear.files[0].read_bytes().endswith(encoded(image))


def test_unknown_callers_are_told_so(tmp_path):
    callers = (Caller(ae_title="MR1"), Caller(ae_title="MR2", address="10.0.0.0/8"))
    with scp(tmp_path / "spool", callers=callers) as ear:
        assert dcmtk("echoscu", "-aet", "MR1", "127.0.0.1", ear.port).returncode == 0
        for title in ("OTHER", "MR2"):
            refused = dcmtk("echoscu", "-aet", title, "127.0.0.1", ear.port)
            assert refused.returncode != 0
            assert "Calling AE Title Not Recognized" in refused.stderr


def test_one_association_too_many_is_told_so(tmp_path):
    with scp(tmp_path / "spool", maximum_associations=1) as ear:
        entity = AE()
        entity.add_requested_context("1.2.840.10008.1.1")
        first = entity.associate("127.0.0.1", ear.port)
        assert first.is_established
        refused = dcmtk("echoscu", "127.0.0.1", ear.port)
        assert refused.returncode != 0
        assert "Local Limit Exceeded" in refused.stderr
        first.release()
        deadline = time.monotonic() + 10
        while dcmtk("echoscu", "127.0.0.1", ear.port).returncode != 0:
            assert time.monotonic() < deadline


def test_mutual_tls(tmp_path):
    for name, issuer in (("ca", None), ("node", "ca"), ("scanner", "ca"), ("stranger", None)):
        certificate(tmp_path, name, issuer)
    tls = Tls(certificate=tmp_path / "node.pem", key=tmp_path / "node.key", authorities=tmp_path / "ca.pem")
    path = save(mr_image(), tmp_path / "a.dcm")
    with scp(tmp_path / "spool", tls=tls, request_timeout_s=3) as ear:

        def send(*options):
            return dcmtk("storescu", *options, "127.0.0.1", ear.port, path).returncode

        def with_certificate(name):
            return ["+tls", tmp_path / f"{name}.key", tmp_path / f"{name}.pem", "+cf", tmp_path / "ca.pem"]

        assert send() != 0
        assert send("+tla", "-ic") != 0
        assert send(*with_certificate("stranger")) != 0
        assert ear.files == []
        assert send(*with_certificate("scanner")) == 0
        assert ear.kinds == ["new"]


def test_a_handshake_that_never_comes_holds_up_nobody(tmp_path):
    cert, key = certificate(tmp_path, "node")
    with scp(tmp_path / "spool", tls=Tls(certificate=cert, key=key)) as ear:
        silent = [socket.create_connection(("127.0.0.1", ear.port)) for _ in range(5)]
        context = ssl.create_default_context(cafile=cert)
        context.check_hostname = False
        entity = AE()
        entity.add_requested_context("1.2.840.10008.1.1")
        began = time.monotonic()
        association = entity.associate("127.0.0.1", ear.port, tls_args=(context, "node"))
        assert association.is_established
        assert association.send_c_echo().Status == 0
        assert time.monotonic() - began < 5
        association.release()
        for one in silent:
            one.close()


def test_unusable_tls_files_and_taken_ports_are_said(tmp_path):
    tls = Tls(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    with pytest.raises(InputError, match="usable TLS files"), scp(tmp_path / "spool", tls=tls):
        pass
    with (
        scp(tmp_path / "spool") as ear,
        pytest.raises(InputError, match="in use"),
        listening(ScpSettings(port=ear.port), None),
    ):
        pass


@pytest.mark.parametrize("uid", ["../../x", "/etc/passwd", "1.2\x003", "1" * 65])
def test_no_uid_becomes_a_path(ear, tmp_path, uid):
    """As instance, study and series, by a sender that checks nothing."""
    image = mr_image()
    image.SOPInstanceUID = uid
    image.StudyInstanceUID = image.SeriesInstanceUID = uid
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status = send_unchecked(ear.port, image)
    assert status in (None, 0xA900, 0xC000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def send_unchecked(port, image):
    """By pynetdicom, whose checks of UIDs are on the way to its own wire format only."""
    checks = _config.VALIDATORS.copy()
    _config.VALIDATORS["UI"] = lambda value: (True, "")
    entity = AE()
    entity.add_requested_context(MRImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port)
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    try:
        return association.send_c_store(image).get("Status")
    finally:
        association.abort()
        _config.VALIDATORS.update(checks)


def test_private_and_newer_storage_classes_are_taken_queries_are_not():
    assert is_storage("1.2.840.10008.5.1.4.1.1.9999.1")
    assert is_storage("1.3.46.670589.11.0.0.12.1")
    assert not is_storage("1.2.840.10008.5.1.4.1.2.2.1")
    assert taken([build_context("1.2.840.10008.5.1.4.1.2.2.1")]) == []


def test_a_senders_first_transfer_syntax_is_taken(ear):
    entity = AE()
    entity.add_requested_context(MRImageStorage, [ExplicitVRBigEndian, ImplicitVRLittleEndian])
    association = entity.associate("127.0.0.1", ear.port)
    assert association.accepted_contexts[0].transfer_syntax == [ExplicitVRBigEndian]
    association.release()


def test_who_listens_cannot_lose_an_image(tmp_path, caplog):
    def heard(arrival):
        raise RuntimeError(SECRET)

    with scp(tmp_path / "spool", heard=heard) as ear:
        assert dcmtk("storescu", "127.0.0.1", ear.port, save(mr_image(), tmp_path / "a.dcm")).returncode == 0
        assert len(ear.files) == 1
    assert "could not be told" in caplog.text
    assert SECRET not in caplog.text


def test_logs_hold_no_uid_and_no_name(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    image = mr_image(study=generate_uid(), series=generate_uid())
    with scp(tmp_path / "spool") as ear:
        dcmtk("storescu", "127.0.0.1", ear.port, save(image, tmp_path / "a.dcm"))
    for secret in (image.StudyInstanceUID, image.SOPInstanceUID, SECRET):
        assert secret not in caplog.text


def test_eight_at_once(ear, tmp_path):
    for n in range(40):
        save(mr_image(), tmp_path / str(n % 8) / f"{n}.dcm")
    with ThreadPoolExecutor(8) as pool:
        sent = pool.map(lambda k: dcmtk("storescu", "127.0.0.1", ear.port, "+sd", tmp_path / str(k)), range(8))
    assert [one.returncode for one in sent] == [0] * 8
    assert len(ear.files) == 40
    assert all(arrival.when.tzinfo is datetime.UTC for arrival in ear.arrivals)
