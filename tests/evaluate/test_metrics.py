from oncontour.core import overlap
from oncontour.evaluate import metrics


def test_training_watches_the_figures_that_evaluation_reports():
    assert metrics.dice is overlap.dice
    assert metrics.sensitivity is overlap.sensitivity
