"""What is removed of a place, and what is not: with real images, a real ledger, kills in between, and two nodes."""

import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydicom.uid import generate_uid

from oncontour.core.errors import InputError, OutputError
from oncontour.node.completion.settings import CompletionSettings
from oncontour.node.completion.watch import GONE, Watch
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.desk import images_of, purge, retry
from oncontour.node.keep import images, results
from oncontour.node.keep.images import LEAVING, take_away
from oncontour.node.keep.keeper import Keeper
from oncontour.node.keep.results import move_folder
from oncontour.node.keep.settings import KeepSettings
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS, State
from oncontour.node.ledger.cases import claim, get_case, make_case, move, parts_of
from oncontour.node.ledger.deliveries import plan_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.ledger.seen import list_seen, note_seen
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import image_names, study_tokens
from oncontour.node.spool.uids import token

from ..images import mr_image
from ..spool.test_store import put

AT_ONCE = 1e-9
"""Days."""


@dataclass
class Place:
    """A node's place and ledger."""

    folder: Path
    free: int = 10**12
    uids: dict = field(default_factory=dict)

    def __post_init__(self):
        self.spool = Spool(self.folder / "spool")
        self.base = open_base(f"sqlite:///{self.folder}/node.db")
        for name in ("cases", "results"):
            (self.folder / name).mkdir()

    def keeper(self, node="node-1", **settings):
        return Keeper(self.base, node, self.folder, self.spool, KeepSettings(**settings), lambda _: self.free)

    def study(self, state, uid=None, number=2):
        """A study with a case in that state, its results and what its description was."""
        uid = uid or generate_uid()
        self.arrive(uid, number)
        study = token(uid)
        part = len(parts_of(self.base, study)) + 1
        names = image_names(self.spool.studies / study)
        case = make_case(
            self.base, "n", study, part, names, sender="MR1", complete_by="quiet", first_at=0.0, last_at=0.0
        ).case
        note_seen(self.base, case, "rule", "a description", "")
        if state is not State.COMPLETE:
            move(self.base, "n", claim(self.base, "n", case), state)
        inner = self.folder / "results" / f"{case}.1" / case
        inner.mkdir(parents=True)
        (inner / "seg.dcm").write_bytes(b"x")
        self.uids[study] = uid
        return case

    def arrive(self, uid, number=1):
        for _ in range(number):
            put(self.spool, mr_image(study=uid, series="1.2"))

    def images(self, case):
        folder = self.spool.studies / case.split("-")[0]
        return image_names(folder) if folder.is_dir() else set()

    def results(self):
        return sorted(path.name for path in (self.folder / "results").iterdir())

    def events(self, case, kind):
        return [event for event in list_events(self.base, case) if event.kind == kind]

    def watch(self):
        settings = CompletionSettings(quiet_s=0.01, longest_s=0.02)
        watch = Watch(self.spool, self.base, "node-1", [], settings)
        watch.look()
        time.sleep(0.05)
        watch.look()
        watch.close()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_only_what_has_ended_goes(place):
    cases = {state: place.study(state) for state in State if state is not State.PURGED}
    place.keeper(images_days=AT_ONCE, results_days=AT_ONCE, unfinished_days=2 * AT_ONCE).look()
    left = {state for state, case in cases.items() if place.images(case)}
    assert left == set(State) - ENDS
    assert place.results() == sorted(f"{cases[state]}.1" for state in left)
    for state in ENDS - {State.PURGED}:
        assert get_case(place.base, cases[state]).state is state
        (event,) = place.events(cases[state], "images removed")
        assert (event.node, dict(event.detail)) == ("node-1", {"images": 2, "why": "age"})
        assert len(place.events(cases[state], "results removed")) == 1
    assert len(list_seen(place.base)) == len(left)
    assert not list((place.spool.folder / LEAVING).iterdir())


def test_what_readers_corrected_goes_to_the_archive_alone(place):
    case = place.study(State.DELIVERED)
    (place.folder / "results" / f"{case}.1" / case / "review" / "versions" / "1").mkdir(parents=True)
    place.keeper(images_days=AT_ONCE, results_days=AT_ONCE).look()
    assert place.results() == [f"{case}.1"]
    (place.folder / "archive").mkdir()
    place.keeper(images_days=AT_ONCE, results_days=AT_ONCE, archive=place.folder / "archive").look()
    assert place.results() == []
    assert (place.folder / "archive" / f"{case}.1" / case / "review" / "versions" / "1").is_dir()


def test_by_default_nothing_goes(place):
    cases = [place.study(state) for state in State if state is not State.PURGED]
    place.keeper().look()
    assert all(place.images(case) for case in cases)
    assert len(place.results()) == len(cases)


def test_what_waits_for_a_person_stays_unless_its_own_time_is_said(place):
    held, failed = place.study(State.HELD), place.study(State.QUARANTINED)
    place.free = 0
    place.keeper(images_days=AT_ONCE, results_days=AT_ONCE, free_mb=10**9, least_days=0).look()
    assert place.images(held)
    assert place.images(failed)
    assert len(place.results()) == 2


def test_a_study_goes_when_all_its_parts_may(place):
    uid = generate_uid()
    place.study(State.DELIVERED, uid)
    late = place.study(State.WORKING, uid)
    place.keeper(images_days=AT_ONCE).look()
    assert len(place.images(late)) == 4
    move(place.base, "n", claim(place.base, "n", late), State.DELIVERED)
    place.keeper(images_days=AT_ONCE).look()
    assert not place.images(late)


def test_links_of_a_case_that_failed_go_too(place):
    case = place.study(State.QUARANTINED)
    for folder in (case, f"{case}.2.part", f"{case}0"):
        (place.folder / "cases" / folder).mkdir()
    place.keeper(unfinished_days=AT_ONCE).look()
    assert [path.name for path in (place.folder / "cases").iterdir()] == [f"{case}0"]


def test_for_room_the_oldest_goes_first_and_no_more_than_needed(place):
    cases = [place.study(State.DELIVERED) for _ in range(3)]
    for age, case in zip((100, 300, 200), cases, strict=True):
        folder = place.spool.studies / case.split("-")[0]
        os.utime(folder, (time.time() - age, time.time() - age))

    def free(_):
        return 10**7 if sum(not place.images(case) for case in cases) == 2 else 0

    settings = KeepSettings(free_mb=1.0, least_days=AT_ONCE)
    Keeper(place.base, "node-1", place.folder, place.spool, settings, free).look()
    removed = [case for case in cases if not place.images(case)]
    assert removed == [cases[1], cases[2]]
    assert [place.events(case, "images removed")[0].detail["why"] for case in removed] == ["room", "room"]


def test_young_images_stay_however_full_the_disk(place):
    case = place.study(State.DELIVERED)
    place.free = 0
    place.keeper(free_mb=1.0).look()
    assert place.images(case)


def test_late_images_that_wait_for_their_case_keep_the_study(place):
    case = place.study(State.DELIVERED)
    place.arrive(place.uids[case.split("-")[0]])
    place.keeper(images_days=AT_ONCE).look()
    assert len(place.images(case)) == 3


def test_an_image_that_comes_this_very_moment_is_put_back(place, monkeypatch):
    case = place.study(State.DELIVERED)
    uid = place.uids[case.split("-")[0]]
    image = mr_image(study=uid, series="1.2")

    def at_that_moment(spool, study):
        put(spool, image)
        return take_away(spool, study)

    monkeypatch.setattr("oncontour.node.keep.keeper.take_away", at_that_moment)
    place.keeper(images_days=AT_ONCE).look()
    assert place.images(case) == {f"{token(image.SOPInstanceUID)}.dcm"}


def test_no_image_is_lost_while_they_arrive_and_the_keeper_looks(place):
    """Everything that was thanked for is in a case that was removed, or there."""
    case = place.study(State.DELIVERED)
    uid, known = place.uids[case.split("-")[0]], place.images(case)
    end, sent = threading.Event(), []

    def send():
        while not end.is_set():
            image = mr_image(study=uid, series="1.2")
            put(place.spool, image)
            sent.append(f"{token(image.SOPInstanceUID)}.dcm")

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(20):
            taken = take_away(place.spool, case.split("-")[0])
            if taken is not None:
                images.remove_taken(
                    place.base, "n", place.spool, place.folder / "cases", taken, lambda parts: True, "test"
                )
    finally:
        end.set()
        sender.join()
    assert set(sent) - known == place.images(case)


def test_a_case_that_is_begun_anew_meanwhile_keeps_its_images(place, monkeypatch):
    case = place.study(State.DELIVERED)
    before = place.images(case)

    def at_that_moment(spool, study):
        retry(place.base, spool.studies, get_case(place.base, case))
        return take_away(spool, study)

    monkeypatch.setattr("oncontour.node.keep.keeper.take_away", at_that_moment)
    place.keeper(images_days=AT_ONCE).look()
    assert place.images(case) == before
    assert not place.events(case, "images removed")


def test_a_kill_in_between_is_made_good_by_the_next_look(place):
    due, not_due = place.study(State.DELIVERED), place.study(State.HELD)
    before = place.images(not_due)
    for case in (due, not_due):
        take_away(place.spool, case.split("-")[0])  # And here the power fails.
    place.keeper(images_days=AT_ONCE).look()
    assert (place.images(due), place.images(not_due)) == (set(), before)
    assert len(place.events(due, "images removed")) == 1


def test_a_purge_that_was_killed_is_made_good(place):
    case = place.study(State.HELD)
    take_away(place.spool, case.split("-")[0])
    move(place.base, "person", claim(place.base, "person", case), State.PURGED)
    place.keeper().look()
    assert study_tokens(place.spool) == ()
    assert not list((place.spool.folder / LEAVING).iterdir())
    assert place.results() == []


def test_two_nodes_on_one_place(place):
    cases = [place.study(State.DELIVERED) for _ in range(8)]
    keepers = [place.keeper(f"node-{n}", images_days=AT_ONCE, results_days=AT_ONCE) for n in range(2)]
    threads = [threading.Thread(target=lambda one=one: [one.look() for _ in range(5)]) for one in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keepers[0].look()
    assert [keeper.trouble for keeper in keepers] == [None, None]
    assert study_tokens(place.spool) == ()
    for case in cases:
        assert len(place.events(case, "images removed")) == len(place.events(case, "results removed")) == 1


def test_notes_and_results_that_came_back_go_though_no_case_has_them(place):
    uid, back = generate_uid(), mr_image(study="1.9", series="1.2")
    case = place.study(State.DELIVERED, uid)
    plan_deliveries(place.base, case, {back.SOPInstanceUID: "seg.dcm"}, ["pacs"])
    put(place.spool, back)
    place.arrive("1.8")  # Images of a patient, and no case yet: the node was down.
    place.keeper(images_days=AT_ONCE).look()
    assert study_tokens(place.spool) == (token("1.8"),)


def test_results_of_delivered_cases_go_to_the_archive(place, tmp_path):
    delivered, failed = place.study(State.DELIVERED), place.study(State.QUARANTINED)
    archive = tmp_path / "archive"
    keeper = place.keeper(results_days=AT_ONCE, archive=archive)
    keeper.look()
    assert keeper.trouble == "something cannot be removed: no such folder"
    assert len(place.results()) == 2
    archive.mkdir()
    keeper.look()
    assert keeper.trouble is None
    assert (archive / f"{delivered}.1" / delivered / "seg.dcm").read_bytes() == b"x"
    assert place.results() == [f"{failed}.1"]
    assert len(place.events(delivered, "results archived")) == 1


def test_a_move_to_another_disk_is_whole_or_not_there(tmp_path, monkeypatch):
    source, target = tmp_path / "a", tmp_path / "archive" / "a"
    (source / "inner").mkdir(parents=True)
    target.parent.mkdir()
    (source / "inner" / "x").write_bytes(b"x")

    rename, remove = Path.rename, shutil.rmtree

    def another_disk(self, other):
        if self == source:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, other)

    def killed(folder, **given):
        if folder != source:
            remove(folder, **given)

    monkeypatch.setattr(Path, "rename", another_disk)
    monkeypatch.setattr(results, "_copy", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OutputError):
        move_folder(source, target)
    assert not target.exists()
    monkeypatch.undo()
    monkeypatch.setattr(Path, "rename", another_disk)
    monkeypatch.setattr(shutil, "rmtree", killed)
    move_folder(source, target)  # Killed before the source is gone.
    monkeypatch.undo()
    assert source.exists()
    move_folder(source, target)
    assert not source.exists()
    assert (target / "inner" / "x").read_bytes() == b"x"
    with pytest.raises(OutputError, match="itself"):
        move_folder(target, target)


def test_one_that_cannot_be_removed_keeps_no_other(place, monkeypatch):
    cases = sorted(place.study(State.DELIVERED) for _ in range(2))
    remove = results.remove_results

    def refused(base, who, folder, why):
        if folder.name.startswith(cases[0]):
            raise OutputError(folder, "no permission to write", "a place", "Give another.")
        remove(base, who, folder, why)

    monkeypatch.setattr("oncontour.node.keep.keeper.remove_results", refused)
    keeper = place.keeper(results_days=AT_ONCE)
    keeper.look()
    assert place.results() == [f"{cases[0]}.1"]
    assert keeper.trouble == "something cannot be removed: no permission to write"


def test_what_was_removed_cannot_be_done_again(place):
    case = place.study(State.DELIVERED)
    place.keeper(images_days=AT_ONCE).look()
    found = get_case(place.base, case)
    for ask in (lambda: retry(place.base, place.spool.studies, found), lambda: images_of(place.spool.studies, found)):
        with pytest.raises(InputError, match="2 of 2 images were removed"):
            ask()


def test_late_images_of_a_study_that_was_removed_wait_for_a_person(place):
    case = place.study(State.DELIVERED)
    place.keeper(images_days=AT_ONCE).look()
    place.arrive(place.uids[case.split("-")[0]])
    place.watch()
    late = parts_of(place.base, case.split("-")[0])[-1]
    assert (late.part, late.state, late.reason) == (2, State.HELD, GONE)


def test_a_purged_study_that_is_sent_again_is_a_new_one(place):
    case = place.study(State.DELIVERED)
    study = case.split("-")[0]
    sent = [mr_image(study="1.7", series="1.2") for _ in range(2)]
    settings = NodeSettings(name="n", place=place.folder)
    for number in (1, 2, 3, 4):  # However often: what was purged counts as never having come.
        for image in sent:
            put(place.spool, image)
        place.watch()
        parts = parts_of(place.base, token("1.7"))
        assert [part.state for part in parts] == [State.PURGED] * (number - 1) + [State.COMPLETE]
        move(place.base, "n", claim(place.base, "n", parts[-1].case), State.DELIVERED)
        purge(place.base, settings, get_case(place.base, parts[-1].case))
        assert study_tokens(place.spool) == (study,)


def test_a_purged_study_that_has_come_again_is_not_taken_for_what_was_purged(place):
    image = mr_image(study="1.7", series="1.2")
    for number in (1, 2):
        put(place.spool, image)
        if number == 1:
            place.watch()
            (part,) = parts_of(place.base, token("1.7"))
            move(place.base, "n", claim(place.base, "n", part.case), State.DELIVERED)
            purge(place.base, NodeSettings(name="n", place=place.folder), get_case(place.base, part.case))
    place.keeper(images_days=AT_ONCE).look()  # The node was down for long, and its watch has not looked yet.
    assert study_tokens(place.spool) == (token("1.7"),)


def test_a_purge_waits_for_images_that_have_no_case_yet(place):
    case = place.study(State.DELIVERED)
    place.arrive(place.uids[case.split("-")[0]])
    with pytest.raises(InputError, match="1 images that no case has yet"):
        purge(place.base, NodeSettings(name="n", place=place.folder), get_case(place.base, case))
    assert len(place.images(case)) == 3


@pytest.mark.parametrize(
    "keep",
    [{"free_mb": 4000}, {"results_days": 1, "archive": "P/results"}, {"results_days": 1, "archive": "P/spool/x"}],
)
def test_settings_that_would_do_harm(tmp_path, keep):
    if "archive" in keep:
        keep = {**keep, "archive": keep["archive"].replace("P", str(tmp_path))}
    with pytest.raises(ValidationError, match="keep"):
        NodeSettings(name="n", place=tmp_path, keep=keep)
