"""STOW-RS and QIDO-RS, spoken by dicomweb-client and by hand."""

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient
from pydantic import ValidationError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from oncontour.node.receive.disk import Disk
from oncontour.node.receive.intake import Intake
from oncontour.node.receive.settings import WebSettings
from oncontour.node.receive.web import serving_uploads
from oncontour.node.spool.store import Spool

from ..images import encoded, mr_image, save

TYPE = 'multipart/related; type="application/dicom"; boundary=B'


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def web(spool, arrivals=None, free=lambda _: 10**9, biggest=10**6, **given):
    heard = (arrivals if arrivals is not None else []).append
    return serving_uploads(WebSettings(port=0, **given), Intake(spool, Disk(spool.folder, 1000, free), heard, biggest))


def message(*files: bytes) -> bytes:
    parts = [b"--B\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files]
    return b"".join(parts) + b"--B--\r\n"


def post(port, content, path="studies", **headers):
    url = f"http://127.0.0.1:{port}/{path}"
    return httpx.post(url, content=content, headers={"Content-Type": TYPE} | headers)


def test_a_study_by_dicomweb_client(spool):
    images, arrivals = [mr_image(series=f"1.2.3.{n % 2}") for n in range(3)], []
    for image in images:
        image.file_meta = None
        del image.file_meta
    with web(spool, arrivals, token="secret") as port:
        client = DICOMwebClient(f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer secret"})
        from io import BytesIO

        import pydicom

        folder = spool.folder.parent
        files = [pydicom.dcmread(BytesIO(save(image, folder / "a.dcm").read_bytes())) for image in images]
        stored = client.store_instances(files)
        assert len(stored.ReferencedSOPSequence) == 3
        found = client.search_for_studies(search_filters={"StudyInstanceUID": "1.2.3"})
        assert [(one["0020000D"]["Value"], one["00201208"]["Value"]) for one in found] == [(["1.2.3"], [3])]
        assert client.search_for_studies(search_filters={"StudyInstanceUID": "1.2.4"}) == []
    assert [(arrival.kind, arrival.sender) for arrival in arrivals] == [("new", "WEB")] * 3
    kept = sorted(path.read_bytes()[-9000:] for path in spool.studies.rglob("*.dcm"))
    assert all(any(data.endswith(encoded(image)) for data in kept) for image in images)


def test_each_part_is_answered_for(spool, tmp_path):
    good = save(mr_image(instance="1.5"), tmp_path / "a.dcm").read_bytes()
    deflated = save(mr_image(instance="1.6"), tmp_path / "b.dcm", DeflatedExplicitVRLittleEndian).read_bytes()
    too_big = save(mr_image(instance="1.7", pixels=bytes(2_000_000)), tmp_path / "c.dcm").read_bytes()
    with web(spool) as port:
        answer = post(port, message(good, deflated, b"no dicom", too_big, good))
    assert answer.status_code == 202
    content = answer.json()
    assert [one["00081155"]["Value"] for one in content["00081199"]["Value"]] == [["1.5"]] * 2
    reasons = [one["00081197"]["Value"][0] for one in content["00081198"]["Value"]]
    assert reasons == [0xC000, 0xC000, 0xA700]
    assert len(list(spool.studies.rglob("*.dcm"))) == 1
    assert list(spool.incoming.iterdir()) == []


def test_the_study_of_the_address_counts(spool, tmp_path):
    file = save(mr_image(), tmp_path / "a.dcm").read_bytes()
    with web(spool) as port:
        assert post(port, message(file), "studies/1.2.4").status_code == 409
        assert post(port, message(file), "studies/..%2fx").status_code in (400, 404)
        assert post(port, message(file), "studies/1.2.3").status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"nothing", {}, 400),
        (message(), {}, 400),
        (b"--B\r\n" + b"X" * 10_000, {}, 400),
        (b"--B\r\nA: " + b"X" * 10_000, {}, 400),
        (b"", {"Content-Type": "application/dicom"}, 415),
        (bytes(3_000_000), {}, 400),
    ],
)
def test_what_is_no_upload_is_said(spool, content, headers, code):
    with web(spool, biggest_request_mb=2.0) as port:
        assert post(port, content, **headers).status_code == code


def test_a_request_without_end_is_cut_off(spool, tmp_path):
    file = save(mr_image(), tmp_path / "a.dcm").read_bytes()
    with web(spool, biggest_request_mb=0.1) as port:
        assert post(port, message(*[file] * 20)).status_code == 413
    assert list(spool.incoming.iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(spool, tmp_path):
    file = save(mr_image(pixels=bytes(300_000)), tmp_path / "a.dcm").read_bytes()
    with web(spool) as port:
        assert post(port, message(file)[:200_000]).status_code in (400, 409)
    assert [path for path in spool.folder.rglob("*") if path.is_file()] == []


def test_a_low_disk_is_said(spool, tmp_path):
    file = save(mr_image(), tmp_path / "a.dcm").read_bytes()
    with web(spool, free=lambda _: 0) as port:
        assert post(port, message(file)).status_code == 503


def test_the_token_is_asked_for(spool):
    with web(spool, token="secret") as port:
        assert post(port, b"").status_code == 401
        assert post(port, b"", Authorization="Bearer wrong").status_code == 401
        assert httpx.get(f"http://127.0.0.1:{port}/studies").status_code == 401
    with pytest.raises(ValidationError, match="set a token"):
        WebSettings(host="0.0.0.0")
