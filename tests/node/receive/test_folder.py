"""The drop folder, with a clock of the test's own."""

import json
import time

import pytest

from oncontour.core.errors import OutputError
from oncontour.node.receive.disk import Disk
from oncontour.node.receive.folder import Watcher, watching
from oncontour.node.receive.intake import Intake
from oncontour.node.receive.settings import FolderSettings
from oncontour.node.spool.store import Spool

from ..images import SECRET, mr_image, save


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    (folder / "refused").mkdir(parents=True)
    return folder


def watcher(drop, free=lambda _: 10**9, arrivals=None):
    spool = Spool(drop.parent / "spool")
    heard = (arrivals if arrivals is not None else []).append
    intake = Intake(spool, Disk(spool.folder, 1000, free), heard, 10**6)
    return Watcher(FolderSettings(folder=drop, still_s=5), intake)


def left(drop):
    return sorted(str(path.relative_to(drop)) for path in drop.rglob("*") if path.is_file())


def test_a_file_is_taken_when_it_has_lain_still(drop):
    arrivals = []
    watch = watcher(drop, arrivals=arrivals)
    path = save(mr_image(), drop / "study" / "a.dcm")
    content = path.read_bytes()
    path.write_bytes(content[:500])
    watch.look(0)
    path.write_bytes(content)  # Still being copied.
    watch.look(4)
    watch.look(8)
    assert arrivals == []
    watch.look(10)
    assert [(arrival.kind, arrival.sender) for arrival in arrivals] == [("new", "FOLDER")]
    assert left(drop) == []


def test_hidden_files_links_and_parts_are_left_alone(drop, tmp_path):
    target = save(mr_image(), tmp_path / "elsewhere.dcm")
    (drop / "link.dcm").symlink_to(target)
    for name in (".a.dcm.x7", "b.dcm.part", "refused/c"):
        (drop / name).write_bytes(b"x")
    watch = watcher(drop)
    watch.look(0)
    watch.look(100)
    assert left(drop) == [".a.dcm.x7", "b.dcm.part", "link.dcm", "refused/c"]
    assert target.exists()


def test_a_bad_file_is_moved_with_its_reason_and_without_its_name(drop):
    (drop / f"{SECRET}.txt").write_bytes(b"no dicom")
    watch = watcher(drop)
    watch.look(0)
    watch.look(6)
    moved, reason = left(drop)
    assert (drop / moved).read_bytes() == b"no dicom"
    assert json.loads((drop / reason).read_text())["reason"] == "not a DICOM file"
    assert SECRET not in moved + reason


def test_a_reason_that_cannot_be_written_stops_no_other_file(drop, monkeypatch, caplog):
    def full(path, content):
        raise OutputError(path, "no space left on the disk", "room", "Make room.")

    monkeypatch.setattr("oncontour.node.receive.folder.write_json", full)
    arrivals = []
    watch = watcher(drop, arrivals=arrivals)
    (drop / "a.txt").write_bytes(b"no dicom")
    save(mr_image(), drop / "b.dcm")
    watch.look(0)
    watch.look(6)
    assert [arrival.kind for arrival in arrivals] == ["new"]
    (refused,) = left(drop)
    assert (drop / refused).read_bytes() == b"no dicom"
    assert "could not be written: no space left on the disk" in caplog.text


def test_a_low_disk_leaves_the_file_for_later(drop, monkeypatch):
    monkeypatch.setattr("oncontour.node.receive.disk.LOOK_EVERY_S", 0.0)
    room, arrivals = [0], []
    watch = watcher(drop, free=lambda _: room[0], arrivals=arrivals)
    save(mr_image(), drop / "a.dcm")
    watch.look(0)
    watch.look(6)
    assert left(drop) == ["a.dcm"]
    room[0] = 10**9
    watch.look(7)
    assert [arrival.kind for arrival in arrivals] == ["new"]


def test_watching_takes_what_is_dropped(tmp_path):
    arrivals, spool = [], Spool(tmp_path / "spool")
    intake = Intake(spool, Disk(spool.folder, 1000, lambda _: 10**9), arrivals.append, 10**6)
    with watching(FolderSettings(folder=tmp_path / "drop", still_s=0.1, look_every_s=0.05), intake):
        save(mr_image(), tmp_path / "drop" / "a.dcm")
        deadline = time.monotonic() + 10
        while not arrivals and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(arrivals) == 1
