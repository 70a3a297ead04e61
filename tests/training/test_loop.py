from contextlib import suppress

import torch

from oncontour.training.loop import resume, save, start, train, train_step
from oncontour.training.sampling import batches


def test_loss_falls_on_an_easy_case(tiny_plan, tiny_case, tmp_path):
    plan = tiny_plan.model_copy(update={"training": tiny_plan.training.model_copy(update={"steps": 60})})
    state = start(plan)
    next_batch = batches(plan, [tiny_case])
    losses = [train_step(state, plan, next_batch(state.rng)) for _ in range(60)]
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_interrupted_training_ends_with_the_same_weights(tiny_plan, tiny_case, tmp_path):
    next_batch = batches(tiny_plan, [tiny_case])
    whole = train(tiny_plan, next_batch, tmp_path / "whole")

    state = start(tiny_plan)
    for _ in range(5):
        train_step(state, tiny_plan, next_batch(state.rng))
    (tmp_path / "halves").mkdir()
    save(state, tmp_path / "halves" / "checkpoint.pt")
    halves = train(tiny_plan, next_batch, tmp_path / "halves")

    assert halves.step == whole.step == 12
    for a, b in zip(whole.average.parameters(), halves.average.parameters(), strict=True):
        assert torch.equal(a, b)


def test_interrupt_saves_the_state(tiny_plan, tiny_case, tmp_path):
    next_batch = batches(tiny_plan, [tiny_case])

    def interrupt(step, loss):
        if step == 4:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        train(tiny_plan, next_batch, tmp_path / "run", interrupt)
    assert resume(tiny_plan, tmp_path / "run" / "checkpoint.pt").step == 4
    assert not list((tmp_path / "run").glob("*.part"))
