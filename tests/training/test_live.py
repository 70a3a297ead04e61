import csv

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.training.job import Job
from oncontour.training.live import Live
from oncontour.training.machine import Machine
from oncontour.training.state import first_state, make_network
from oncontour.training.validate import Validated


def pixels(path):
    from matplotlib.image import imread

    return imread(path)[..., :3]


def near(picture, colour, tolerance=0.02):
    return int((np.abs(picture - np.array(colour) / 255).max(-1) < tolerance).sum())


@pytest.fixture
def job(tiny_plan, prepared, tmp_path, change):
    plan = change(tiny_plan, epochs=40)
    return Job("fold 0", plan, tmp_path / "fold_0", 0, (), (prepared[0].folder,))


@pytest.fixture
def state(job):
    state = first_state(make_network(job.network), job.plan.training)
    row = {"epoch": 1, "step": 4, "seconds": 1.5, "learning_rate": 0.01, "loss": 1.2}
    scores = {"validation_loss": 1.3, "dice": 0.5, "dice_WT": 0.7, "dice_TC": 0.5, "dice_ET": 0.3}
    state.history = [row, {**row, "epoch": 2, "step": 8, "loss": 1.0, **scores}]
    job.folder.mkdir()
    return state


def test_the_log_has_a_row_an_epoch_and_gaps_where_nothing_was_validated(job, state):
    with Live(Machine()) as live:
        live.begin(job, state)
        live.epoch(state)
    rows = list(csv.DictReader((job.folder / "log.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert rows[0]["dice_ET"] == ""
    assert rows[1]["dice_ET"] == "0.3"


def test_the_curves_hold_a_line_a_region(job, state):
    with Live(Machine()) as live:
        live.begin(job, state)
        live.epoch(state)
    picture = pixels(job.folder / "training.png")
    assert picture.shape[1] > 1000
    for colour in ((86, 180, 233), (240, 228, 66), (213, 94, 0)):
        assert near(picture, colour) > 30


def sample(job, state, found):
    """The first two pictures that are drawn of a prediction: the truth, and the prediction."""
    (case,) = job.validation_cases()
    state.history = [{}] * 3
    with Live(Machine()) as live:
        live.begin(job, state)
        live.validated(state, [Validated(case, {"WT": 0.0, "TC": 0.0, "ET": 0.0}, 1.0, found)])
    picture = pixels(job.folder / "samples" / "epoch_0004.png")
    quarter = picture.shape[1] // 4
    return picture[:, :quarter], picture[:, quarter : 2 * quarter]


def test_sample_predictions_show_truth_and_prediction(job, state):
    (case,) = job.validation_cases()
    truth, prediction = sample(job, state, np.zeros(case.regions.shape, bool))
    assert near(truth, (86, 180, 233), 0.2) > 20
    assert near(prediction, (86, 180, 233), 0.2) == 0


def test_left_is_drawn_on_the_right_as_radiologists_read(job, state):
    (case,) = job.validation_cases()
    left = np.zeros(case.regions.shape, bool)
    left[0, 1:5, 5:15] = True  # i grows from the patient's left to the right
    _, prediction = sample(job, state, left)
    blue = np.abs(prediction - np.array((86, 180, 233)) / 255).max(-1) < 0.2
    assert blue.any()
    assert np.nonzero(blue)[1].mean() > 0.6 * prediction.shape[1]


def test_few_pictures_are_drawn_over_a_long_training(job, state):
    (case,) = job.validation_cases()
    result = Validated(case, {"WT": 0.0, "TC": 0.0, "ET": 0.0}, 1.0, np.zeros(case.regions.shape, bool))
    with Live(Machine()) as live:
        live.begin(job, state)
        for epoch in range(4):
            state.history = [{}] * epoch
            live.validated(state, [result])
    assert [path.name for path in sorted((job.folder / "samples").iterdir())] == ["epoch_0002.png", "epoch_0004.png"]


def test_lines_tell_each_epoch(job, state, capsys):
    with Live(Machine(view="lines")) as live:
        live.begin(job, state)
        live.epoch(state)
    assert capsys.readouterr().out == "fold 0: epoch 2  loss 1.0000  WT 0.700  TC 0.500  ET 0.300\n"


def test_bars_tell_epoch_loss_and_best(job, state, capsys):
    state.best.score, state.best.epoch = 0.81, 2
    with Live(Machine(view="bars")) as live:
        live.begin(job, state)
        live.step(state, 0.34)
        live._bars.refresh()
    said = capsys.readouterr().err
    assert "epoch 3/40" in said
    assert "0.340" in said
    assert "0.810" in said


def test_tensorboard_gets_every_figure(job, state):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Live(Machine(tensorboard=True)) as live:
        live.begin(job, state)
        live.epoch(state)
    events = EventAccumulator(str(job.folder / "tensorboard"))
    events.Reload()
    assert events.Scalars("dice_WT")[0].value == pytest.approx(0.7)
    assert events.Scalars("loss")[0].step == state.step


def test_tensorboard_that_is_not_there_is_told(job, state, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"), Live(Machine(tensorboard=True)) as live:
        live.begin(job, state)
