"""The store: what is kept, under which name, and what is left by those who die."""

import errno
import os
import threading
import time
from pathlib import Path

import pydicom
import pytest

from oncontour.core.errors import OutputError
from oncontour.node.spool import store
from oncontour.node.spool.refusal import Refusal, RefusedError
from oncontour.node.spool.store import Spool
from oncontour.node.spool.uids import token

from ..images import announced, encoded, mr_image


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path / "spool")


def put(spool, dataset, sender="SCANNER", study=None):
    part = spool.part(announced(dataset), sender)
    data = encoded(dataset)
    for start in range(0, len(data), 1000):
        part.write(data[start : start + 1000])
    return part.keep(study)


def files(spool):
    return sorted(path for path in spool.folder.rglob("*") if path.is_file())


def test_an_image_is_kept_byte_for_byte(spool):
    dataset = mr_image()
    arrival = put(spool, dataset)
    assert (arrival.kind, arrival.bytes, arrival.sender) == ("new", len(encoded(dataset)), "SCANNER")
    assert arrival.study == token("1.2.3")
    (file,) = files(spool)
    assert file == spool.studies / token("1.2.3") / f"{token(dataset.SOPInstanceUID)}.dcm"
    assert file.read_bytes().endswith(encoded(dataset))
    read = pydicom.dcmread(file)
    assert read == dataset
    assert read.file_meta.SendingApplicationEntityTitle == "SCANNER"


def test_the_same_again_is_not_written_twice(spool):
    dataset = mr_image()
    put(spool, dataset)
    before = files(spool)[0].stat()
    assert put(spool, dataset, sender="PACS").kind == "same"
    (file,) = files(spool)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_pixels_under_the_same_uid_are_kept_beside(spool):
    one, other = (mr_image(instance="1.5", pixels=bytes([value]) * 8192) for value in (1, 2))
    assert [put(spool, one).kind, put(spool, other).kind, put(spool, other).kind, put(spool, one).kind] == [
        "new", "conflict", "same", "same",
    ]  # fmt: skip
    assert {pydicom.dcmread(file).PixelData for file in files(spool)} == {one.PixelData, other.PixelData}
    assert all(file.name.startswith(token("1.5")) for file in files(spool))


def test_many_at_once_agree_on_who_was_first(spool):
    """Two spools on one folder, as two processes have; resends and another content, all at the same time."""
    spools = [spool, Spool(spool.folder)]
    contents = [mr_image(instance="1.5", pixels=bytes([value]) * 8192) for value in (1, 2)]
    kinds, gate = [], threading.Barrier(16)

    def send(number):
        gate.wait()
        kinds.append((number % 2, put(spools[number // 2 % 2], contents[number % 2]).kind))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kind for _, kind in kinds) == ["conflict", "new", *["same"] * 14]
    assert {content for content, kind in kinds if kind != "same"} == {0, 1}
    assert {pydicom.dcmread(file).PixelData for file in files(spool)} == {one.PixelData for one in contents}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda dataset: setattr(dataset, "StudyInstanceUID", "../../x"), Refusal.NO_IDENTITY),
        (lambda dataset: dataset.__delitem__("SeriesInstanceUID"), Refusal.NO_IDENTITY),
        (lambda dataset: setattr(dataset, "SOPInstanceUID", "1.2.3.999"), Refusal.MISMATCH),
        (lambda dataset: setattr(dataset, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"), Refusal.MISMATCH),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_what_is_not_the_image_announced_leaves_nothing(spool, change, refusal):
    dataset = mr_image()
    meta = announced(dataset)
    change(dataset)
    part = spool.part(meta, "SCANNER")
    part.write(encoded(dataset))
    with pytest.raises(RefusedError) as error:
        part.keep()
    assert error.value.refusal is refusal
    assert files(spool) == []


def test_another_study_than_announced_is_refused(spool):
    with pytest.raises(RefusedError):
        put(spool, mr_image(), study="1.2.4")
    assert files(spool) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "link"])
def test_no_room_is_refused_and_leaves_nothing(spool, monkeypatch, number, call):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    dataset = mr_image()
    part = spool.part(announced(dataset), "SCANNER")
    part.write(encoded(dataset))
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(RefusedError, match="no room"):
        part.keep()
    monkeypatch.undo()
    assert files(spool) == []


def test_a_full_disk_is_refused(spool):
    """/dev/full answers every write as a full disk does."""
    dataset = mr_image()
    part = spool.part(announced(dataset), "SCANNER")
    part._stream = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    part.write(encoded(dataset))
    with pytest.raises(RefusedError, match="no room"):
        part.keep()
    part = spool.part(announced(dataset), "SCANNER")
    part._stream = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    with pytest.raises(RefusedError, match="no room"):
        part.write(bytes(store.HELD_BYTES))
    part.drop()
    assert files(spool) == []


@pytest.mark.parametrize("piece", [100_000, store.HELD_BYTES + 1])
def test_a_large_image_is_kept_whole(spool, piece):
    dataset = mr_image()
    dataset.Rows, dataset.Columns = 1024, 1280
    dataset.PixelData = bytes(range(256)) * (2 * 1024 * 1280 // 256)
    content = encoded(dataset)
    part = spool.part(announced(dataset), "SCANNER")
    for start in range(0, len(content), piece):
        part.write(content[start : start + piece])
    arrival = part.keep()
    (path,) = files(spool)
    assert (arrival.kind, arrival.bytes) == ("new", len(content))
    assert path.read_bytes().endswith(content)
    again = spool.part(announced(dataset), "SCANNER")
    again.write(content)
    assert again.keep().kind == "same"


def test_old_parts_are_removed_and_young_ones_are_not(spool):
    young, old = (spool.incoming / f"{name}.part" for name in "ab")
    for path in (young, old):
        path.write_bytes(b"x")
    past = time.time() - store.STALE_PART_S - 1
    os.utime(old, (past, past))
    spool.recover()
    assert files(spool) == [young]


def power_cut(spool, dataset, monkeypatch):
    """An image that was synced, and of which the disk forgot the link."""
    monkeypatch.setattr(spool, "place", lambda *_: "new")
    monkeypatch.setattr(store.Part, "drop", lambda part: part._stream.close())
    put(spool, dataset)
    monkeypatch.undo()
    (whole,) = files(spool)
    past = time.time() - store.STALE_WHOLE_S - 1
    os.utime(whole, (past, past))
    return whole


def test_an_image_without_its_name_gets_it_again(spool, monkeypatch):
    dataset = mr_image()
    power_cut(spool, dataset, monkeypatch)
    assert spool.recover() == 1
    (file,) = files(spool)
    assert file.parent.parent == spool.studies
    assert pydicom.dcmread(file) == dataset
    assert spool.recover() == 0


def test_an_image_whose_bytes_were_lost_gets_no_name(spool, monkeypatch):
    whole = power_cut(spool, mr_image(), monkeypatch)
    past = whole.stat().st_mtime
    with whole.open("r+b") as stream:
        stream.truncate(whole.stat().st_size - 1000)
    os.utime(whole, (past, past))
    assert spool.recover() == 0
    assert files(spool) == []


def test_no_hard_links_is_said(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(OutputError, match="a file system with hard links"):
        Spool(tmp_path / "spool")


def test_a_clock_that_was_set_back_hides_no_image(spool, monkeypatch):
    whole = power_cut(spool, mr_image(), monkeypatch)
    future = time.time() + 3600.0
    os.utime(whole, (future, future))
    assert spool.recover() == 1
