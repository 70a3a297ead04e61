"""Arms as trials: each is done once whoever works, what fails stops no other, the silent are replaced."""

from __future__ import annotations

import multiprocessing
import os
import time

import optuna
import pytest

from oncontour.core.errors import InputError
from oncontour.experiments.experiment import Arm
from oncontour.experiments.report import report_recipe
from oncontour.experiments.run import Watch, run_side_by_side
from oncontour.experiments.study import Work, choices, enqueue, open_study, parameters, work_through
from oncontour.training.fanout import Queue

FORKED = multiprocessing.get_context("fork")


def arm(**plan):
    return Arm(title="an arm", train="adults", network="nnunet", scheme="whole", plan=plan)


ARMS = {
    "first": arm(**{"training.seed": 1}),
    "second": arm(**{"training.seed": 2}),
    "third": arm(**{"training.seed": 2, "channels": ["T1", "T2"]}),
}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request, url):
    """Of a data base that holds no study of this name."""
    if request.param == "sqlite":
        return url
    url = request.getfixturevalue("postgres")
    for name in optuna.get_all_study_names(url):
        optuna.delete_study(study_name=name, storage=url)
    return url


def trials(url):
    return optuna.load_study(study_name="recipe", storage=url).trials


def begun(url, heartbeat_seconds=30):
    """The study, with all arms waiting that are not done."""
    study = open_study(url, "recipe", "abc", heartbeat_seconds)
    enqueue(study, ARMS)
    return study


def take(url, log, seconds=0.0):
    """Work through the study, writing a line for each arm."""

    def do(name):
        with log.open("a") as file:
            file.write(f"{name}\n")
        time.sleep(seconds)
        return {"test: WT": 0.5, "test: ET": 0.25}

    work_through(open_study(url, "recipe", "abc"), ARMS, Work(do))


def test_the_data_base_tells_numbers_and_scores(any_url, tmp_path):
    begun(any_url)
    take(any_url, tmp_path / "log")
    assert (tmp_path / "log").read_text().split() == ["first", "second", "third"]
    third = trials(any_url)[2]
    assert third.value == 0.5
    assert third.user_attrs == {"arm": "third", "test: WT": 0.5, "test: ET": 0.25}
    assert (third.params["training.seed"], third.params["channels"]) == (2, '["T1", "T2"]')
    assert third.params["network"] == "nnunet"
    assert "channels" not in ARMS["first"].plan
    begun(any_url)
    take(any_url, tmp_path / "log")
    assert len(trials(any_url)) == 3


def test_every_parameter_is_one_of_the_choices():
    possible = choices(ARMS.values())
    assert possible["training.seed"] == [1, 2]
    assert all(value in possible[name] for one in ARMS.values() for name, value in parameters(one).items())


def test_two_at_once_do_each_arm_once(any_url, tmp_path):
    begun(any_url)
    both = [FORKED.Process(target=take, args=(any_url, tmp_path / "log", 0.5)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted((tmp_path / "log").read_text().split()) == sorted(ARMS)
    done = [one.user_attrs["arm"] for one in trials(any_url) if one.state.name == "COMPLETE"]
    assert sorted(done) == sorted(ARMS)


def test_the_arm_of_one_who_went_silent_is_taken_over(any_url, tmp_path):
    def die():
        work_through(begun(any_url, 1), ARMS, Work(lambda name: os._exit(9)))

    dying = FORKED.Process(target=die)
    dying.start()
    dying.join()
    assert [one.state.name for one in trials(any_url)] == ["RUNNING", "WAITING", "WAITING"]
    told = []
    work_through(open_study(any_url, "recipe", "abc", 1), ARMS, Work(lambda name: {"test: WT": 1.0}, told.append))
    assert told in ([("first",)], [])
    done = [one.user_attrs["arm"] for one in trials(any_url) if one.state.name == "COMPLETE"]
    assert sorted(done) == sorted(ARMS)


def test_the_arm_of_one_who_ended_before_its_first_heartbeat_is_taken_over(any_url):
    begun(any_url, 1).ask()
    work_through(open_study(any_url, "recipe", "abc", 1), ARMS, Work(lambda name: {"test: WT": 1.0}))
    done = [one.user_attrs["arm"] for one in trials(any_url) if one.state.name == "COMPLETE"]
    assert sorted(done) == sorted(ARMS)


def test_an_arm_that_fails_stops_no_other_and_is_tried_again(url):
    done = []

    def do(name):
        if name == "second" and "second" not in done:
            done.append(name)
            raise InputError("case 7", "a hole", "a brain", "Fill it.")
        done.append(name)
        return {"test: WT": 1.0}

    with pytest.raises(InputError, match="case 7: found a hole"):
        work_through(begun(url), ARMS, Work(do))
    assert done == ["first", "second", "third"]
    work_through(begun(url), ARMS, Work(do))
    assert done[3:] == ["second"]


def test_an_arm_whose_files_were_removed_is_done_again(url, tmp_path):
    begun(url)
    take(url, tmp_path / "log")
    enqueue(open_study(url, "recipe", "abc"), ARMS, ["second"])
    take(url, tmp_path / "log")
    assert (tmp_path / "log").read_text().split() == ["first", "second", "third", "second"]


def test_an_arm_that_failed_elsewhere_is_told(url):
    def fail():
        study = open_study(url, "recipe", "abc")
        with pytest.raises(InputError):
            work_through(study, ARMS, Work(stumble))

    def stumble(name):
        time.sleep(3)
        raise InputError("case 7", "a hole", "a brain", "Fill it.")

    begun(url)
    elsewhere = FORKED.Process(target=fail)
    elsewhere.start()
    while elsewhere.is_alive() and not any(one.state.name == "RUNNING" for one in trials(url)):
        time.sleep(0.1)
    with pytest.raises(InputError, match=r"1 arms? that failed: first: case 7: found a hole"):
        work_through(open_study(url, "recipe", "abc"), ARMS, Work(lambda name: {"test: WT": 1.0}))
    elsewhere.join()


def test_an_arm_that_is_judged_on_nothing_has_no_value(url):
    work_through(begun(url), ARMS, Work(lambda name: {}))
    assert {(one.state.name, one.value) for one in trials(url)} == {("PRUNED", None)}


def test_a_study_of_another_recipe_is_refused(url):
    open_study(url, "recipe", "abc")
    with pytest.raises(InputError, match="study recipe of the recipe abc; expected of the recipe def"):
        open_study(url, "recipe", "def")


def test_a_data_base_that_is_not_there_tells_no_password():
    with pytest.raises(InputError, match="found nowhere:1/none") as caught:
        open_study("postgresql+nodriver://someone:secret@nowhere:1/none", "recipe", "abc")
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_arms_side_by_side(run_of):
    pytest.importorskip("submitit")
    run = run_of(workers=2)
    told = []
    run_side_by_side(run, Queue(2), Watch(part=lambda what, done, total: told.append((what, done, total))))
    assert ("steps", 3, 9) in told  # The cohorts are made before.
    states = optuna.load_study(study_name="smallest-tiny", storage=run.study_url).trials
    assert sorted(one.user_attrs["arm"] for one in states if one.state.name == "COMPLETE") == sorted(run.arms)
    assert report_recipe(run)[-1].exists()
