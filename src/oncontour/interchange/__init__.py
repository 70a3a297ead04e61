"""Interchange: models trained by other programs become bundles, bundles become models that others run."""
