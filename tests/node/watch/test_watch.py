"""What people are told of a node."""

import json
import smtplib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import claim, make_case, move
from oncontour.node.ledger.deliveries import note_there, plan_deliveries
from oncontour.node.ledger.nodes import Listener, beat, leave
from oncontour.node.ledger.tables import CASES
from oncontour.node.marks.marks import mark
from oncontour.node.receive.disk import Disk
from oncontour.node.spool.store import Spool
from oncontour.node.watch.alerts import Alert, find_alerts
from oncontour.node.watch.app import watch_app
from oncontour.node.watch.health import check_health
from oncontour.node.watch.metrics import metrics_text
from oncontour.node.watch.notify import notify
from oncontour.node.watch.settings import MailSettings, WatchSettings
from oncontour.node.watch.summary import summary_lines
from oncontour.web.serve import serving


@pytest.fixture
def base(tmp_path):
    return open_base(f"sqlite:///{tmp_path}/node.db")


@pytest.fixture
def place(tmp_path):
    Spool(tmp_path / "spool")
    return tmp_path


def add(base, study, state, **values):
    make_case(base, "a", study, 1, ["1"], sender="MR1", complete_by="count", first_at=0.0, last_at=1.0)
    return move(base, "a", claim(base, "a", f"{study}-1"), state, **values)


def healthy(base, place, free=10**12):
    return check_health(base, "a", place, Disk(place, 10**9, lambda folder: free), Listener(60.0))


def trouble(checks):
    return {check.name: check.trouble for check in checks if check.trouble}


def test_all_is_well(base, place):
    assert trouble(healthy(base, place)) == {}


def test_a_lost_mount_a_full_disk_and_a_silent_node_are_seen(base, place):
    beat(base, "b")
    leave(base, "b")
    (place / "spool").rename(place / "gone")
    assert trouble(healthy(base, place, free=0)) == {
        "place": "the spool is gone",
        "disk": "less room than receive.keep_free_mb: nothing more is taken",
        "nodes": "silent: b",
    }


def test_a_data_base_that_is_gone_is_seen(base, place):
    base.dispose()
    (place / "node.db").unlink()
    (place / "node.db").mkdir()
    assert trouble(healthy(base, place))["data base"].startswith("does not answer")


def test_health_and_metrics_over_the_web(base, place):
    add(base, "x", State.DELIVERED, result={"seconds": {"reading": 1.5}, "volumes_ml": {"WT": 3.0}})
    add(base, "y", State.HELD, reason="no rule knows this study")
    mark(base, "a", "x-1", False, "PACS", "quality issue")
    state = {"free": 10**12}
    app = watch_app(lambda: healthy(base, place, state["free"]), lambda: metrics_text(base, place))
    with serving(app, "127.0.0.1", 0, "watch") as port:
        url = f"http://127.0.0.1:{port}"
        answer = httpx.get(f"{url}/healthz")
        assert (answer.status_code, answer.json()) == (200, {"healthy": True, "trouble": {}})
        state["free"] = 0
        assert httpx.get(f"{url}/healthz").status_code == 503
        text = httpx.get(f"{url}/metrics").text
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["oncontour_cases", "delivered"] == found["oncontour_cases", "held"] == 1
    assert found["oncontour_cases", "quarantined"] == 0
    assert found["oncontour_stage_seconds_sum", "reading"] == 1.5
    assert found["oncontour_marks_total", "false"] == 1


def test_alerts(base, place):
    settings = WatchSettings(silence_h=1.0, backlog=1)
    assert find_alerts(base, settings, []) == []
    add(base, "x", State.QUARANTINED, reason="disk: found full")
    add(base, "y", State.WAITING)
    add(base, "z", State.WORKING)
    assert {alert.key: alert.text.split(" hours")[0][:44] for alert in find_alerts(base, settings, [])} == {
        "case x-1": "case x-1 is in quarantine: disk: found full",
        "backlog": "2 cases wait; more than 1 is unusual",
        "silence": find_alerts(base, settings, [])[-1].text.split(" hours")[0],
    }


def test_a_peer_that_is_down_is_told_of_once(base):
    for study in ("x", "y"):
        add(base, study, State.DELIVERING)
        plan_deliveries(base, f"{study}-1", {f"1.{study}": "seg.dcm"}, ["archive", "pacs"])
        note_there(base, f"{study}-1", "archive", [f"1.{study}"])
    hours = WatchSettings(undelivered_h=2.0)
    assert find_alerts(base, hours, []) == []
    with base.begin() as connection:
        connection.execute(update(CASES).values(changed_at=CASES.c.changed_at - 7300.0))
    text = "pacs has not taken the results of 2 cases for 2 hours"
    assert find_alerts(base, hours, []) == [Alert("undelivered pacs", text)]
    note_there(base, "x-1", "pacs", ["1.x"])
    note_there(base, "y-1", "pacs", ["1.y"])
    assert find_alerts(base, hours, []) == []


def test_a_days_summary(base):
    add(base, "x", State.DELIVERED, result={"seconds": {"reading": 1.0}})
    add(base, "y", State.DELIVERED, result={"seconds": {"reading": 3.0}})
    add(base, "z", State.IGNORED)
    mark(base, "a", "x-1", False, "page")
    lines = summary_lines(base)
    assert lines[0] == "3 cases: 2 delivered, 1 ignored"
    assert lines[1] == "useful: 1 of 2 delivered results were not marked as poor"
    mark(base, "a", "x-1", True, "page", "seen again")  # The latest counts.
    assert summary_lines(base)[1] == "useful: 2 of 2 delivered results were not marked as poor"
    assert lines[-1] == "reading: median 2.0 s, longest 3.0 s"
    assert summary_lines(base, span_s=-10.0) == ["0 cases: none"]


@pytest.fixture
def hook():
    taken = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", taken
    server.shutdown()


def test_a_webhook_is_told(hook):
    url, taken = hook
    assert notify(WatchSettings(webhook=url), "a", "backlog", ["30 cases wait"])
    assert taken == [{"node": "a", "subject": "backlog", "text": "backlog\n30 cases wait", "lines": ["30 cases wait"]}]


def test_who_cannot_be_reached_is_tried_again():
    assert not notify(WatchSettings(webhook="http://127.0.0.1:9/hook"), "a", "backlog", [])
    mail = MailSettings(server="127.0.0.1", port=9, sender="a@b.example", to=("c@d.example",))
    assert not notify(WatchSettings(mail=mail), "a", "backlog", [])


def test_mail(monkeypatch):
    sent = []

    class Server:
        def __init__(self, *where, timeout):
            assert where == ("localhost", 25)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def send_message(self, message):
            sent.append((message["Subject"], message["To"], message.get_content()))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    mail = MailSettings(server="localhost", sender="a@b.example", to=("c@d.example", "e@f.example"))
    assert notify(WatchSettings(mail=mail), "a", "backlog", ["30 cases wait"])
    assert sent == [("[a] backlog", "c@d.example, e@f.example", "30 cases wait\n")]


def test_a_summary_wants_somebody_to_read_it():
    with pytest.raises(ValueError, match="no mail and no webhook"):
        WatchSettings(summary_at=5)


def test_studies_that_cannot_be_looked_at_are_told(base, place):
    listener = Listener(60.0)
    checks = check_health(base, "a", place, Disk(place, 1, lambda folder: 10), listener, lambda: 2)
    assert trouble(checks) == {"studies": "2 that have come cannot be looked at"}


def test_a_warning_that_quotes_a_header_is_no_log_line(capfd):
    script = (
        "from oncontour.node.watch.log import log_lines; log_lines('a')\n"
        "from pydicom.valuerep import validate_value\n"
        "from pydicom import config\n"
        "validate_value('UI', 'Doe^Jane', config.WARN)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert "Doe" not in capfd.readouterr().err
