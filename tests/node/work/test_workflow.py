"""Cases from their images to a peer, by DBOS on SQLite; with a segmenter that writes a small file at once."""

import json
import shutil
import time
from dataclasses import replace

import pytest
from dbos import DBOS, SetWorkflowID
from pydicom.uid import generate_uid

from oncontour.core.errors import InputError, OutputError
from oncontour.node.delivery.settings import DeliverySettings
from oncontour.node.desk import retry
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import ENDS, State
from oncontour.node.ledger.cases import again, claim, get_case, make_case, move
from oncontour.node.ledger.deliveries import list_deliveries
from oncontour.node.peers.peer import PeerError, references_of
from oncontour.node.work.mend import flows_of, mender
from oncontour.node.work.settings import WorkSettings
from oncontour.node.work.site import Route, Site
from oncontour.node.work.workflow import start

from ..peers.conftest import write_image

SECONDS = 60


class Shelf:
    """A peer in memory."""

    name, committing = "pacs", None

    def __init__(self):
        self.there, self.sent, self.down = {}, [], 0

    def counts(self, study):
        return {}

    def holds(self, references):
        if self.down:
            raise PeerError("peer pacs", "nobody who answers", "PACS to answer", "Check it.")
        return frozenset(one.instance for one in references) & self.there.keys()

    def store(self, files):
        for file, reference in references_of(files).items():
            self.sent.append(reference.instance)
            self.there[reference.instance] = file.read_bytes()
        return {}


def write_result(study, out, bundle):
    """What `oncontour segment` leaves, in short."""
    place = out / study.name
    place.mkdir(parents=True)
    write_image(place / "seg.dcm", generate_uid(), generate_uid(), 1)
    (place / "measurements.json").write_text(json.dumps({"regions": [{"name": "WT", "volume_ml": 3.5}]}))
    (place / "quality.json").write_text(json.dumps({"verdict": "ok", "steps": [{"name": "reading", "seconds": 1.0}]}))
    (place / "provenance.json").write_text(json.dumps({"bundles": {"tumour": {"name": bundle}}}))


@pytest.fixture
def site(tmp_path):
    folders = {name: tmp_path / name for name in ("images", "inputs", "results")}
    for folder in folders.values():
        folder.mkdir()
    return Site(
        "node-1",
        open_base(f"sqlite:///{tmp_path}/node.db"),
        **folders,
        peers={"pacs": Shelf()},
        segmenter=write_result,
        route=lambda images, sender: Route("process", "all", "default", peers=("pacs",)),
        work=WorkSettings(back_off_s=0.01),
        delivery=DeliverySettings(to=("pacs",), back_off_s=0.01, longest_s=0.05, tries=4, seen_s=0.01),
    )


@pytest.fixture
def url(tmp_path):
    yield f"sqlite:///{tmp_path}/node.db"
    DBOS.destroy(destroy_registry=True)


def arrive(site, study="s"):
    (site.images / study).mkdir(exist_ok=True)
    write_image(site.images / study / "a.dcm", generate_uid(), generate_uid(), 1)
    return make_case(
        site.base, site.node, study, 1, ["a.dcm"], sender="MR1", complete_by="count", first_at=0.0, last_at=0.0
    )


def end_of(site, case):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = get_case(site.base, case)
        if found.state in ENDS:
            return found
        time.sleep(0.05)
    pytest.fail(f"{case} is still {found.state}")


def replace_settings(settings, **values):
    return settings.model_copy(update=values)


def wait_for_end(flow):
    end = time.monotonic() + SECONDS
    while DBOS.get_workflow_status(flow).status in ("PENDING", "ENQUEUED") and time.monotonic() < end:
        time.sleep(0.05)


def test_a_case_reaches_its_peer(site, url):
    work = start(site, url)
    arrive(site)
    (site.inputs / "s-1.0.part").mkdir()  # A node was killed while it gathered.
    work.begin()
    case = end_of(site, "s-1")
    assert (case.state, case.rule, case.bundle) == (State.DELIVERED, "all", "default")
    assert case.result["volumes_ml"] == {"WT": 3.5}
    (delivery,) = list_deliveries(site.base, "s-1")
    assert (delivery.file, delivery.sent, delivery.there_at is not None) == ("seg.dcm", 1, True)
    assert site.peers["pacs"].sent == [delivery.instance]
    assert not any(site.inputs.iterdir())


def test_beginning_twice_begins_once(site, url):
    work = start(site, url)
    arrive(site)
    work.begin()
    work.begin()
    assert end_of(site, "s-1").state is State.DELIVERED
    time.sleep(1.5)
    assert len(site.peers["pacs"].sent) == 1


@pytest.mark.parametrize(("action", "state"), [("ignore", State.IGNORED), ("hold", State.HELD)])
def test_what_the_rules_do_not_process(site, url, action, state):
    site = replace(site, route=lambda images, sender: Route(action, "rule", reason="because"))
    arrive(site)
    start(site, url).begin()
    case = end_of(site, "s-1")
    assert (case.state, case.rule, case.reason) == (state, "rule", "because")
    assert not any(site.results.iterdir())


def failing(times, error):
    def segmenter(study, out, bundle):
        calls.append(study)
        if len(calls) <= times:
            raise error
        write_result(study, out, bundle)

    calls = []
    return segmenter, calls


def test_what_fails_for_a_while_is_tried_again(site, url):
    segmenter, calls = failing(2, OutputError("disk", "full", "room", "Make room."))
    site = replace(site, segmenter=segmenter)
    arrive(site)
    start(site, url).begin()
    assert end_of(site, "s-1").state is State.DELIVERED
    assert len(calls) == 3


def test_what_fails_for_good_goes_to_quarantine_with_its_reason(site, url):
    segmenter, calls = failing(9, OutputError("disk", "full", "room", "Make room."))
    site = replace(site, segmenter=segmenter)
    arrive(site)
    start(site, url).begin()
    case = end_of(site, "s-1")
    assert (case.state, len(calls)) == (State.QUARANTINED, 3)
    assert case.reason == "disk: found full; expected room. Make room. (3 tries)"


def test_a_hopeless_study_is_tried_once_and_again_when_a_person_says_so(site, url):
    segmenter, calls = failing(1, InputError("case", "nothing", "a study", "Send it."))
    site = replace(site, segmenter=segmenter)
    work = start(site, url)
    arrive(site)
    work.begin()
    assert end_of(site, "s-1").state is State.QUARANTINED
    assert len(calls) == 1
    again(site.base, site.node, "s-1")
    work.begin()
    assert end_of(site, "s-1").state is State.DELIVERED


def test_an_unforeseen_error_tells_its_kind_alone(site, url):
    segmenter, _ = failing(9, ValueError("a patient's name"))
    site = replace(site, segmenter=segmenter)
    arrive(site)
    start(site, url).begin()
    assert end_of(site, "s-1").reason == "an unforeseen ValueError (3 tries)"


def test_a_peer_that_is_down_for_good(site, url):
    site.peers["pacs"].down = True
    arrive(site)
    start(site, url).begin()
    case = end_of(site, "s-1")
    assert case.state is State.QUARANTINED
    assert case.reason.startswith("pacs: peer pacs: found nobody who answers")


def test_late_images_do_not_slip_into_a_case(site, url):
    seen = []
    site = replace(
        site, segmenter=lambda study, out, bundle: (seen.extend(study.iterdir()), write_result(study, out, bundle))
    )
    arrive(site)
    write_image(site.images / "s" / "late.dcm", generate_uid(), generate_uid(), 2)
    start(site, url).begin()
    end_of(site, "s-1")
    assert [file.name for file in seen] == ["a.dcm"]


def test_a_person_overrules_the_rules(site, url):
    site = replace(site, route=lambda images, sender: Route("hold", "under age", reason="The patient is under 18."))
    arrive(site)
    work = start(site, url)
    work.begin()
    held = end_of(site, "s-1")
    assert held.state is State.HELD
    retry(site.base, site.images, held, bundle="default")
    work.begin()
    case = end_of(site, "s-1")
    assert (case.state, case.rule, case.bundle) == (State.DELIVERED, "by hand", "default")


def test_what_an_earlier_result_left_undelivered_does_not_hold_up_the_next(site, url):
    """Its overlay of a region that the second result lacks."""

    def segmenter(study, out, bundle):
        write_result(study, out, bundle)
        if len(list(site.results.iterdir())) == 1:
            (out / study.name / "overlay" / "ET").mkdir(parents=True)
            write_image(out / study.name / "overlay" / "ET" / "1.dcm", generate_uid(), generate_uid(), 2)

    site = replace(site, segmenter=segmenter)
    shelf = site.peers["pacs"]
    shelf.down = True
    arrive(site)
    work = start(site, url)
    work.begin()
    assert end_of(site, "s-1").state is State.QUARANTINED
    shelf.down = False
    retry(site.base, site.images, get_case(site.base, "s-1"))
    work.begin()
    assert end_of(site, "s-1").state is State.DELIVERED
    assert len(shelf.sent) == 1


def test_a_result_that_is_gone_is_no_case_without_an_end(site, url):
    shelf = site.peers["pacs"]
    shelf.down = True
    site = replace(site, delivery=replace_settings(site.delivery, tries=20))
    arrive(site)
    start(site, url).begin()
    end = time.monotonic() + SECONDS
    while get_case(site.base, "s-1").state is not State.DELIVERING and time.monotonic() < end:
        time.sleep(0.01)
    shutil.rmtree(site.results)
    shelf.down = False
    case = end_of(site, "s-1")
    assert (case.state, case.reason) == (State.QUARANTINED, "node-1: an unforeseen FileNotFoundError")


def test_a_case_does_not_go_back(site, url):
    """A node that was frozen between two queues wakes up when others have delivered the case."""
    work = start(site, url)
    arrive(site)
    work.begin()
    done = end_of(site, "s-1")
    for flow in flows_of(done):
        wait_for_end(flow)
        with SetWorkflowID(f"{flow}:woken"):  # With nothing recorded: the worst case.
            wait_for_end(DBOS.fork_workflow(flow, 1).workflow_id)
    assert get_case(site.base, "s-1").state is State.DELIVERED
    assert len(site.peers["pacs"].sent) == 1


def test_a_case_that_nothing_works_on_goes_to_quarantine(site, url):
    mend = mender(site, every_s=0.0)
    arrive(site)
    start(site, url).begin()
    done = end_of(site, "s-1")
    mend()
    mend()
    assert get_case(site.base, "s-1").state is State.DELIVERED
    wait_for_end(flows_of(done)[2])
    move(site.base, site.node, claim(site.base, site.node, "s-1"), State.WORKING)
    mend()
    assert get_case(site.base, "s-1").state is State.WORKING
    mend()
    case = get_case(site.base, "s-1")
    assert case.state is State.QUARANTINED
    assert "its work ended as SUCCESS while it was working" in (case.reason or "")
