"""What is known of studies from the disk alone, and moving them away."""

import threading
from collections import Counter

import pytest

from oncontour.core.errors import OutputError
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import move_study, read_study, study_tokens
from oncontour.node.spool.uids import token

from ..images import mr_image
from .test_store import put


def test_a_study_is_read_from_disk_after_a_restart(tmp_path):
    spool = Spool(tmp_path)
    images = [mr_image(series=f"1.2.3.{n % 2}") for n in range(5)]
    for image in images:
        last = put(spool, image)
    images[0].PixelData = b"\1" * 8192
    last = put(spool, images[0], sender="PACS")
    found = read_study(Spool(tmp_path), token("1.2.3")).values()
    assert {image.study for image in found} == {"1.2.3"}
    assert Counter(image.series for image in found) == {"1.2.3.0": 4, "1.2.3.1": 2}
    assert {image.instance for image in found} == {image.SOPInstanceUID for image in images}
    assert Counter((image.conflict, image.sender) for image in found) == {(False, "SCANNER"): 5, (True, "PACS"): 1}
    assert abs(max(image.at for image in found) - last.when.timestamp()) < 1
    assert not any("1.2.3" in repr(image).replace(image.sop_class, "") for image in found)


def test_strange_files_are_no_studies(tmp_path):
    spool = Spool(tmp_path)
    (spool.studies / "lost+found").mkdir()
    folder = spool.studies / token("1.2")
    folder.mkdir()
    (folder / "x.dcm").write_bytes(b"nothing")
    assert study_tokens(spool) == (token("1.2"),)
    assert read_study(spool, token("1.2")) == {}
    assert read_study(spool, token("1.3")) == {}


def test_a_study_moved_away_begins_anew(tmp_path):
    spool, image = Spool(tmp_path / "spool"), mr_image()
    archive = tmp_path / "archive"
    for name in (token("1.2.3"), f"{token('1.2.3')}.2"):
        assert put(spool, image).kind == "new"
        assert move_study(spool, token("1.2.3"), archive) == archive / name
        assert study_tokens(spool) == ()
    with pytest.raises(OutputError):
        move_study(spool, token("1.2.3"), archive)


def test_no_image_is_lost_while_a_study_is_moved_again_and_again(tmp_path):
    spool, end = Spool(tmp_path / "spool"), threading.Event()

    def move():
        while not end.is_set():
            for study in study_tokens(spool):
                move_study(spool, study, tmp_path / "archive")

    mover = threading.Thread(target=move)
    mover.start()
    try:
        arrivals = [put(spool, mr_image()) for _ in range(40)]
    finally:
        end.set()
        mover.join()
    found = {path.stem for path in tmp_path.rglob("*.dcm")}
    assert found == {arrival.image for arrival in arrivals}
