"""Oncontour: brain tumour segmentation on MRI, end to end. Research use only; not a medical device."""

__version__ = "0.1.0.dev0"
