"""`oncontour study serve` and `account` on the command line: who may come in, and from where."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.study.make import make_study
from oncontour.review.study.plan import StudyPlan
from oncontour.review.study.study import open_study
from oncontour.web.accounts import account_names, sign_in

from ..certificates import certificate

PASSWORD = "correct horse battery"


@pytest.fixture
def place(tmp_path):
    """A study of one page and one rater."""
    labels = np.zeros((10, 10, 5), np.uint8)
    labels[2:5, 2:5, 1:4] = 3
    (tmp_path / "network").mkdir()
    write_nifti(Volume(labels, np.eye(4)), tmp_path / "network" / "case-1.nii.gz", "uint8")
    draw = {"masks": 1, "experts": (0, 0), "models": (1, 1)}
    sources = {"network": {"kind": "model", "masks": tmp_path / "network"}}
    plan = StudyPlan.model_validate({"name": "One", "sources": sources, "raters": {"anna": {}}, "draw": draw})
    make_study(plan, str(tmp_path / "study.sqlite"))
    return tmp_path / "study.sqlite"


def run(*arguments, given=None):
    return CliRunner().invoke(app, ["study", *map(str, arguments)], input=given)


def account(place, name, *more, password=PASSWORD):
    return run("account", place, name, *more, given=f"{password}\n{password}\n")


def test_accounts_are_made_and_removed(place):
    done = account(place, "anna")
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert account(place, "root", "--role", "admin").exit_code == 0
    engine = open_study(str(place)).engine
    assert account_names(engine) == ("anna", "root")
    assert sign_in(engine, "anna", PASSWORD, "")
    assert run("account", place, "anna", "--remove").exit_code == 0
    assert account_names(engine) == ("root",)


@pytest.mark.parametrize(
    ("name", "more", "password", "words"),
    [
        ("nobody", (), PASSWORD, "one of anna"),
        ("anna", ("--role", "admin"), PASSWORD, "admins never rate"),
        ("root", ("--role", "king"), PASSWORD, "king"),
        ("anna", (), "short", "12 to 256"),
        ("nobody", ("--remove",), PASSWORD, "nobody"),
    ],
)
def test_what_is_no_account_is_refused(place, name, more, password, words):
    done = account(place, name, *more, password=password)
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--host", "10.0.0.1"), "no certificate and key"),
        (("--host", "0.0.0.0"), "--name"),
        (("--host", "study.example"), "no certificate and key"),
        (("--certificate", "cert.pem"), "no certificate and key"),
    ],
)
def test_it_does_not_listen_elsewhere_in_the_clear(place, more, words):
    done = run("serve", place, *more)
    assert done.exit_code == 2
    assert words in done.output


def test_nor_without_accounts(place, tmp_path):
    cert, key = certificate(tmp_path, "own")
    done = run("serve", place, "--host", "10.0.0.1", "--certificate", cert, "--key", key)
    assert done.exit_code == 2
    assert "no accounts" in done.output


def test_from_elsewhere_raters_sign_in_by_tls(place, tmp_path):
    cert, key = certificate(tmp_path, "own")
    assert account(place, "anna").exit_code == 0
    command = [sys.executable, "-m", "oncontour", "study", "serve", str(place), "--host", "0.0.0.0"]
    command += ["--name", "127.0.0.1", "--certificate", str(cert), "--key", str(key)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        line = server.stdout.readline()
        home = line.removeprefix("Raters sign in at ").strip()
        assert home.startswith("https://127.0.0.1:"), line
        with httpx.Client(base_url=home, verify=ssl.create_default_context(cafile=cert), timeout=60) as client:
            assert client.get("/").headers["location"] == "/sign-in/"
            assert client.get("/?token=").headers["location"] == "/sign-in/"
            origin = {"Origin": home.rstrip("/")}
            answer = client.post("/sign-in", json={"name": "anna", "password": PASSWORD}, headers=origin)
            assert answer.status_code == 200
            assert "Secure" in answer.headers["set-cookie"]
            assert client.get("/api/page").json()["of"] == 1
            assert client.get("/api/page", headers={"Host": "localhost"}).status_code == 400
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
