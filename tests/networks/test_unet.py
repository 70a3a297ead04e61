from oncontour.networks import NETWORKS


def test_parameter_count_of_the_shipped_tumour_network():
    network = NETWORKS["residual_unet"](inputs=4, outputs=3, features=[32, 64, 128, 192], fine=8)
    assert sum(p.numel() for p in network.parameters()) == 4_245_515
    assert network.stride == (16, 16, 16)
