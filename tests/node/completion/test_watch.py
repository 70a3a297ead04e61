"""From the spool to cases."""

import shutil
import time

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from oncontour.node.completion.settings import CompletionSettings
from oncontour.node.completion.watch import Watch
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import claim, list_cases, move, parts_of
from oncontour.node.ledger.deliveries import plan_deliveries
from oncontour.node.peers.peer import PeerError
from oncontour.node.spool.meta import FileMeta
from oncontour.node.spool.store import Spool
from oncontour.node.spool.uids import token

from ..peers.conftest import write_image

QUICK = CompletionSettings(ask_every_s=0.01, steady_s=0.05, series_quiet_s=0.2, quiet_s=0.3, longest_s=2.0)


class Knowing:
    name = "pacs"

    def __init__(self, counts=None):
        self.known, self.babbles = counts or {}, False

    def counts(self, study):
        if self.babbles:
            raise ValueError("invalid literal for int(): 'many'")
        if self.known is None:
            raise PeerError("peer pacs", "nobody", "somebody", "Wait.")
        return self.known


class Place:
    """A spool, a ledger, and what was begun."""

    def __init__(self, folder, peers=(), settings=QUICK):
        self.spool, self.base = Spool(folder / "spool"), open_base(f"sqlite:///{folder}/node.db")
        self.settings, self.peers = settings, list(peers)
        self.watch = self.new_watch()
        self.study, self.series, self.folder = generate_uid(), generate_uid(), folder

    def new_watch(self, other=lambda file, image: None):
        return Watch(self.spool, self.base, "node-1", self.peers, self.settings, other)

    def arrive(self, number, series=None, changed=False, path=None):
        path = path or write_image(self.folder / f"{number}.dcm", self.study, series or self.series, number)
        content = dcmread(path)
        if changed:
            content.PixelData = bytes(len(content.PixelData))
            content.save_as(path)
        raw = path.read_bytes()
        start = 132 + 12 + content.file_meta.FileMetaInformationGroupLength
        meta = FileMeta(content.SOPClassUID, content.SOPInstanceUID, content.file_meta.TransferSyntaxUID, "MR1", 0)
        part = self.spool.part(meta, "MR1")
        part.write(raw[start:])
        part.keep()
        return path

    def look_until(self, cases, seconds=10.0):
        end = time.monotonic() + seconds
        while len(list_cases(self.base)) < cases and time.monotonic() < end:
            self.watch.look()
            time.sleep(0.01)
        return list_cases(self.base)


def test_a_quiet_study_is_complete(tmp_path):
    place = Place(tmp_path)
    place.arrive(1)
    place.watch.look()
    assert list_cases(place.base) == []
    (case,) = place.look_until(1)
    assert (case.complete_by, case.study, len(case.images), case.sender) == ("quiet", token(place.study), 1, "MR1")
    assert case.state is State.COMPLETE
    place.watch.look()
    assert list_cases(place.base) == [case]


def stays_open(place):
    """For longer than the quiet after which a study is taken as it is."""
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        assert place.watch.look() == 1
        time.sleep(0.02)


def test_a_peer_that_knows_more_keeps_it_open_and_its_count_completes_it(tmp_path):
    peer = Knowing()
    place = Place(tmp_path, [peer])
    peer.known = {place.series: 2}
    place.arrive(1)
    stays_open(place)
    place.arrive(2)
    (case,) = place.look_until(1)
    assert (case.complete_by, len(case.images)) == ("count", 2)


def test_a_peer_that_is_down_is_no_reason_to_wait_for_ever(tmp_path):
    peer = Knowing()
    peer.known = None
    place = Place(tmp_path, [peer])
    place.arrive(1)
    assert [case.complete_by for case in place.look_until(1)] == ["quiet"]


def test_images_that_never_come(tmp_path):
    peer = Knowing()
    place = Place(tmp_path, [peer])
    peer.known = {place.series: 9}
    place.arrive(1)
    assert [case.complete_by for case in place.look_until(1)] == ["force"]


def test_late_images_open_the_study_again_once(tmp_path):
    place = Place(tmp_path)
    place.arrive(1)
    place.look_until(1)
    place.arrive(2)
    cases = place.look_until(2)
    assert [(case.part, len(case.images)) for case in cases] == [(1, 1), (2, 2)]
    place.arrive(3)
    cases = place.look_until(3)
    assert (cases[2].state, len(cases[2].images)) == (State.HELD, 3)
    assert "opened again once" in cases[2].reason
    assert [case.state for case in cases[:2]] == [State.COMPLETE] * 2


def test_the_same_image_again_opens_nothing(tmp_path):
    place = Place(tmp_path)
    path = place.arrive(1)
    place.look_until(1)
    place.arrive(1, path=path)
    assert place.watch.look() == 0


def test_the_same_image_with_other_pixels_waits_for_a_person(tmp_path):
    place = Place(tmp_path)
    path = place.arrive(1)
    place.arrive(1, path=path, changed=True)
    (case,) = place.look_until(1)
    assert case.state is State.HELD
    assert "twice, with different content" in case.reason


def test_two_nodes_make_one_case(tmp_path):
    place = Place(tmp_path)
    other = place.new_watch()
    place.arrive(1)
    place.watch.look(), other.look()
    time.sleep(0.4)
    place.watch.look(), other.look(), other.look()
    assert len(parts_of(place.base, token(place.study))) == 1


def test_after_a_restart_nothing_is_forgotten_or_done_again(tmp_path):
    place = Place(tmp_path)
    place.arrive(1)
    place.look_until(1)
    place.watch = place.new_watch()
    assert place.watch.look() == 0
    place.arrive(2)
    place.watch = place.new_watch()
    assert len(place.look_until(2)) == 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_study_that_was_moved_away_is_forgotten(tmp_path, number):
    place = Place(tmp_path)
    for n in range(number):
        place.arrive(n)
    assert place.watch.look() == 1
    (place.spool.studies / token(place.study)).rename(tmp_path / "away")
    assert place.watch.look() == 0


def test_our_own_results_that_a_pacs_sends_back_open_nothing(tmp_path):
    place = Place(tmp_path)
    place.arrive(1)
    (case,) = place.look_until(1)
    back = write_image(tmp_path / "overlay.dcm", place.study, generate_uid(), 7)
    plan_deliveries(place.base, case.case, {str(dcmread(back).SOPInstanceUID): "overlay.dcm"}, ["pacs"])
    place.arrive(7, path=back)
    assert place.watch.look() == 0
    place.watch = place.new_watch()
    assert place.watch.look() == 0


def test_an_object_that_is_no_image_is_told_and_opens_nothing(tmp_path):
    place = Place(tmp_path)
    told = []
    place.watch = place.new_watch(lambda file, image: told.append(image.sop_class))
    path = write_image(tmp_path / "note.dcm", place.study, place.series, 1)
    note = dcmread(path)
    note.SOPClassUID = note.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.59"
    note.save_as(path)
    place.arrive(1, path=path)
    assert place.watch.look() == 0
    assert place.watch.look() == 0
    assert told == ["1.2.840.10008.5.1.4.1.1.88.59"]


def test_what_is_no_mr_is_a_case_too_for_the_rules_to_judge(tmp_path):
    place = Place(tmp_path)
    path = write_image(tmp_path / "ct.dcm", place.study, place.series, 1)
    image = dcmread(path)
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    image.save_as(path)
    place.arrive(1, path=path)
    assert [case.state for case in place.look_until(1)] == [State.COMPLETE]


def test_a_study_that_cannot_be_looked_at_holds_up_no_other(tmp_path, monkeypatch):
    place = Place(tmp_path)
    place.arrive(1)
    real = place.watch._look_at
    monkeypatch.setattr(place.watch, "_look_at", lambda study: 1 / 0 if study == "0" * 32 else real(study))
    (place.spool.studies / ("0" * 32)).mkdir()
    assert len(place.look_until(1)) == 1


def test_a_peer_that_goes_down_does_not_take_back_what_it_said(tmp_path):
    peer = Knowing()
    place = Place(tmp_path, [peer])
    peer.known = {place.series: 2}
    place.arrive(1)
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        place.watch.look()
        time.sleep(0.02)
    peer.known = None
    stays_open(place)
    place.arrive(2)
    (case,) = place.look_until(1)
    assert (case.complete_by, len(case.images)) == ("count", 2)


def test_a_peer_that_answers_nonsense_does_not_keep_a_study_open_for_ever(tmp_path):
    peer = Knowing()
    peer.babbles = True
    place = Place(tmp_path, [peer])
    place.arrive(1)
    assert len(place.look_until(1)) == 1


def test_a_study_that_cannot_be_looked_at_is_counted(tmp_path):
    place = Place(tmp_path)
    place.arrive(1)
    folder = place.spool.studies / token(place.study)
    folder.rename(folder.with_suffix(".away"))
    folder.symlink_to(folder)
    place.watch.look()
    assert place.watch.unseen() == 1
    folder.unlink()
    folder.with_suffix(".away").rename(folder)
    place.watch.look()
    assert place.watch.unseen() == 0


def test_a_study_that_was_removed_and_is_sent_again_is_a_case_again(tmp_path):
    place = Place(tmp_path)
    path = place.arrive(1)
    (case,) = place.look_until(1)
    move(place.base, "person", claim(place.base, "person", case.case), State.PURGED)
    shutil.rmtree(place.spool.studies / case.study)
    place.watch.look()
    place.arrive(1, path=path)
    first, second = place.look_until(2)
    assert (first.state, second.part, second.images) == (State.PURGED, 2, first.images)
