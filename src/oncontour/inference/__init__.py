"""Inference: the model bundle on disk, and running it."""
