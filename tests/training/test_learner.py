import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.plans.plan import NetworkPlan
from oncontour.plans.training import LossPlan
from oncontour.training.learner import Learner, follow
from oncontour.training.state import make_network

from .small_networks import SMALL

DEEP, REBUILT = {"deep_supervision": (2.0, 1.0)}, {"reconstruction": 0.1, "divergence": 0.1}


def network(name, outputs=3):
    torch.manual_seed(0)
    return make_network(NetworkPlan(name=name, arguments={"inputs": 4, "outputs": outputs, **SMALL[name]}))


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        *((name, {}) for name in SMALL),
        ("nnunet", DEEP),
        ("nnunet_resenc", DEEP),
        ("ar", REBUILT),
        ("ar_ca", REBUILT),
    ],
)
def test_every_network_learns_a_batch(name, loss):
    made = network(name)
    learner = Learner(made, LossPlan(**loss))
    edge = 57 if name == "deepmedic" else 16  # 24 voxels on each side are its context
    generator = torch.Generator().manual_seed(1)
    target = torch.zeros(2, 3, edge, edge, edge)
    middle = slice(edge // 2 - 2, edge // 2 + 3)
    target[:, :, middle, middle, middle] = 1
    image = target.sum(1, keepdim=True) + torch.randn(2, 4, edge, edge, edge, generator=generator) / 4
    optimiser = torch.optim.Adam(learner.parameters(), 0.01)
    losses = []
    for _ in range(8):
        value = learner(image, target)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        losses.append(value.item())
    assert losses[-1] < 0.95 * losses[0]
    used = [parameter.grad is not None for parameter in made.encoder_parameters()]
    assert all(used)


def test_softmax_has_a_logit_more_than_targets():
    learner = Learner(network("residual_unet", outputs=4), LossPlan(output="softmax"))
    target = torch.zeros(1, 3, 16, 16, 16)
    target[:, 1, :8] = 1
    assert learner(torch.randn(1, 4, 16, 16, 16), target).isfinite()


@pytest.mark.parametrize(("loss", "found"), [(DEEP, "deep supervision"), (REBUILT, "an autoencoder")])
def test_what_a_network_lacks_is_refused(loss, found):
    with pytest.raises(InputError, match=found):
        Learner(network("residual_unet"), LossPlan(**loss))


def test_a_moving_average_follows_weights_and_running_figures():
    one, other = network("deepmedic"), network("deepmedic")
    with torch.no_grad():
        for value in other.state_dict().values():
            value.add_(1)
    before = {name: value.clone() for name, value in one.state_dict().items()}
    follow(one, other, 0.75, step=1000)
    for name, value in one.state_dict().items():
        share = 0.25 if value.is_floating_point() else 1
        assert torch.allclose(value, before[name] + share), name
    follow(one, other, 0.999, step=0)
    first = next(iter(one.state_dict().values()))
    assert torch.allclose(first, next(iter(before.values())) + 1 - 0.1 * 0.75)
