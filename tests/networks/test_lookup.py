import subprocess
import sys

import pytest

from oncontour.core.errors import InputError
from oncontour.networks import NETWORKS


def test_names_are_those_that_plans_use():
    networks = "residual_unet nnunet nnunet_resenc segresnet ar deepmedic unet_report ca_cnn ar_ca"
    assert list(NETWORKS) == networks.split()
    assert len(NETWORKS) == len(networks.split())
    assert "nnunet" in NETWORKS
    assert "unet++" not in NETWORKS


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"'segresnett'; expected one of residual_unet, .*segresnet, "):
        NETWORKS["segresnett"]


def test_looking_up_a_network_loads_no_other():
    code = (
        "import sys; from oncontour.networks import NETWORKS; assert 'ar' in NETWORKS; list(NETWORKS); len(NETWORKS);"
        "assert not {'torch', 'monai'} & set(sys.modules), 'listing'; NETWORKS['residual_unet'];"
        "assert not {'dynamic_network_architectures', 'monai'} & set(sys.modules), 'looking up'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
