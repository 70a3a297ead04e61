"""Augmentation: one idea a file; each function draws its parameters from a generator, then applies them."""
