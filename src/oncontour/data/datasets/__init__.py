"""Data sets to train and to judge on: whatever their layout, cases with patients, images, masks and columns."""

from oncontour.data.datasets.dataset import Dataset, DatasetCase, ImageFile
from oncontour.data.datasets.find import read_dataset
from oncontour.data.datasets.images import read_case

__all__ = ["Dataset", "DatasetCase", "ImageFile", "read_case", "read_dataset"]
