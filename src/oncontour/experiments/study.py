"""Who does which arm, and what came out: an Optuna study, in one SQLite file or a data base that machines share.

An arm is a trial. Its parameters are the numbers of its plan that the recipe gives it, its value the mean Dice of the
first region of the first cohort that it is judged on. Trials wait in the recipe's order; who is free takes the next.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oncontour.core.errors import InputError, OncontourError
from oncontour.experiments.experiment import Arm

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import TrialState
    from sqlalchemy import Engine

HEARTBEAT_SECONDS = 30
"""How often one at work says so; after twice that in silence another takes its arm over."""

LOOK_SECONDS = 2.0

BUSY_SECONDS = 60
"""That one waits while another writes to SQLite."""

RETRIES = 3
"""Of an arm whose machine went silent."""

ARM, ERROR, RECIPE = "arm", "error", "recipe"
"""Attributes of trials, and of a study."""

Scores = Mapping[str, float]
"""Mean Dice by "cohort: region", the first of them the value of the trial; empty: judged on nothing."""


@dataclass(frozen=True)
class Work:
    """What whoever takes an arm does.

    Args:
        do: trains and judges an arm, after the one that it begins with; returns its scores. What is done it
            leaves, what another is at it waits for.
        wait: told which arms are at work elsewhere, when nothing else is left to do.
    """

    do: Callable[[str], Scores]
    wait: Callable[[tuple[str, ...]], None] = lambda arms: None


def open_study(url: str, name: str, deciding: str, heartbeat_seconds: int = HEARTBEAT_SECONDS) -> Study:
    """The study of a recipe at a scale; it is made where it is not there.

    Args:
        url: of the data base, as SQLAlchemy has it: sqlite:///FILE, postgresql+psycopg://USER@HOST/DB.
        deciding: digest of what decides its results.

    Raises:
        InputError: no such data base, no Optuna, or a study of another recipe.
    """
    try:
        import optuna
        from optuna.storages import RDBStorage, RetryFailedTrialCallback
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        remedy = "pip install 'oncontour[train]'"
        raise InputError("oncontour recipe", "no optuna", "the packages that training needs", remedy) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    shown = url.rpartition("@")[2]  # What stands before it may hold a password.
    try:
        with warnings.catch_warnings(action="ignore"):  # Heartbeats are "experimental", for years.
            again = RetryFailedTrialCallback(RETRIES)
            storage = RDBStorage(url, heartbeat_interval=heartbeat_seconds, heartbeat_stale_trial_callback=again)
        if storage.engine.dialect.name == "sqlite":
            _one_at_a_time(storage.engine)
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        expected = "a data base that can be reached, such as sqlite:///FILE or postgresql+psycopg://USER@HOST/DB"
        found, remedy = f"{shown} ({type(error).__name__})", "Correct it, or start the data base."
        raise InputError("--study", found, expected, remedy) from error
    there = study.user_attrs.get(RECIPE)
    if there not in (None, deciding):
        remedy = "Give another data base, or restore the recipe."
        raise InputError(shown, f"study {name} of the recipe {there}", f"of the recipe {deciding}", remedy)
    study.set_user_attr(RECIPE, deciding)
    return study


def _one_at_a_time(engine: Engine) -> None:
    """Let every transaction with SQLite begin as one that writes.

    SQLite has no SELECT FOR UPDATE, by which Optuna keeps two from taking one trial.
    """
    from sqlalchemy import event

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # The driver begins no transaction by itself.
        connection.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS}")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    engine.dispose()  # Those that are open know nothing of it.


def enqueue(study: Study, arms: Mapping[str, Arm], removed: Collection[str] = ()) -> None:
    """Let every arm wait that is neither done nor at work; those that failed before wait again.

    Args:
        removed: arms of which something is not on disk, whatever the study says.
    """
    from optuna.trial import TrialState

    at_work = _arms_in(study, TrialState.WAITING, TrialState.RUNNING)
    done = set(_arms_in(study, TrialState.COMPLETE, TrialState.PRUNED)) - set(removed)
    for name, arm in arms.items():
        if name not in at_work and name not in done:
            study.enqueue_trial(parameters(arm), user_attrs={ARM: name})


def work_through(study: Study, arms: Mapping[str, Arm], work: Work) -> None:
    """Take one waiting arm after the other until none is left anywhere.

    Raises:
        OncontourError: arms that failed, here or elsewhere, when all others are done.
        KeyboardInterrupt: interrupted; the same call goes on.
    """
    from optuna.trial import TrialState

    failed: dict[str, OncontourError] = {}
    told: tuple[str, ...] = ()
    seen: set[int] = set()
    while True:
        _take_back(study)
        if study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            study.optimize(lambda trial: _one(trial, arms, work, failed), n_trials=1, catch=(OncontourError,))
            continue
        elsewhere = _arms_in(study, TrialState.RUNNING)
        if not elsewhere:
            break
        _beat_for_the_silent(study, seen)
        if elsewhere != told:
            work.wait(elsewhere)
            told = elsewhere
        time.sleep(LOOK_SECONDS)
    if len(failed) == 1:
        raise next(iter(failed.values()))
    check_done(study, arms)


def check_done(study: Study, arms: Iterable[str]) -> None:
    """Refuse a study of which not every arm is done.

    Raises:
        InputError: what failed, and why.
    """
    from optuna.trial import TrialState

    done = _arms_in(study, TrialState.COMPLETE, TrialState.PRUNED)
    reasons = {trial.user_attrs.get(ARM): trial.user_attrs.get(ERROR, "ended") for trial in study.get_trials(False)}
    missing = {name: reasons.get(name, "not begun") for name in arms if name not in done}
    if missing:
        found = f"{len(missing)} arms that failed: " + "; ".join(f"{name}: {why}" for name, why in missing.items())
        raise InputError("recipe", found, "all of them done", "Correct this; the same command goes on.")


def _take_back(study: Study) -> None:
    """Let the arms of those who went silent wait again."""
    from optuna.storages import fail_stale_trials

    with warnings.catch_warnings(action="ignore"):  # "Experimental", for years.
        fail_stale_trials(study)


def _beat_for_the_silent(study: Study, seen: set[int]) -> None:
    """Give each trial at work elsewhere one heartbeat, when it is first seen.

    One that ended before its own first heartbeat would never count as silent, and everybody would wait for it.
    """
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial._trial_id not in seen:
            seen.add(trial._trial_id)
            study._storage.record_heartbeat(trial._trial_id)  # pyright: ignore[reportAttributeAccessIssue]


def _arms_in(study: Study, *states: TrialState) -> tuple[str, ...]:
    """The arms of the trials in these states."""
    trials = study.get_trials(deepcopy=False, states=states)
    return tuple(trial.user_attrs[ARM] for trial in trials if ARM in trial.user_attrs)


def parameters(arm: Arm) -> dict[str, str | float | bool | None]:
    """What a recipe says of an arm, by name: its network, cohort and start, and the changes of its plan by their place.

    What is no single value is told as JSON.
    """
    own = arm.model_dump(mode="json", by_alias=True, exclude={"title", "test", "plan"})
    return {name: value if value is None or isinstance(value, str | float | int) else json.dumps(value)
            for name, value in {**own, **arm.plan}.items()}  # fmt: skip


def choices(arms: Iterable[Arm]) -> dict[str, list[str | float | bool | None]]:
    """Of each parameter the values that it has in some arm."""
    found: dict[str, list[str | float | bool | None]] = {}
    for arm in arms:
        for name, value in parameters(arm).items():
            known = found.setdefault(name, [])
            if value not in known:
                known.append(value)
    return found


def _one(trial: Trial, arms: Mapping[str, Arm], work: Work, failed: dict[str, OncontourError]) -> float:
    """Do the arm of a trial; its value."""
    from optuna import TrialPruned

    name = trial.user_attrs.get(ARM, "")
    if name not in arms:  # Another was faster, and Optuna made a new trial.
        raise TrialPruned
    arm = arms[name]
    possible = choices(arms.values())
    for what in parameters(arm):
        trial.suggest_categorical(what, possible[what])
    try:
        scores = work.do(name)
    except OncontourError as error:
        failed[name] = error
        trial.set_user_attr(ERROR, str(error))
        raise
    for what, value in scores.items():
        trial.set_user_attr(what, value)
    if not scores:
        raise TrialPruned
    return next(iter(scores.values()))
