"""A small example of each network, to train or to fill in moments."""

PATCH = [16, 16, 16]

SMALL = {
    "residual_unet": {"features": [4, 8], "fine": 4},
    "nnunet": {"features_per_stage": [4, 6, 8], "strides": [1, 2, 2]},
    "nnunet_resenc": {"features_per_stage": [4, 6, 8], "strides": [1, 2, 2], "n_blocks_per_stage": [1, 1, 1]},
    "segresnet": {"features": 8, "blocks_down": [1, 1, 1], "blocks_up": [1, 1]},
    "ar": {"features": 8, "blocks_down": [1, 1, 1], "blocks_up": [1, 1], "patch": PATCH, "latent": 8},
    "deepmedic": {"size": 0.2, "pointwise": [8, 8]},
    "unet_report": {"start": 2, "levels": 2},
    "ca_cnn": {"features": 8},
    "ar_ca": {"features": 8, "patch": PATCH, "latent": 8},
}
