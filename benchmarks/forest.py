"""A random forest on local context: what networks have to beat.

    python benchmarks/forest.py TRAINING HELD_OUT RESULT.json

Of each voxel it sees, for all four sequences, brightness, its Gaussian smoothings and gradient magnitudes at 2, 4 and
8 mm, means and deviations over 3^3 and 7^3 voxels; and where in the brain it lies: 47 numbers. It learns from a share
of the voxels, weighted so that it knows how rare a tumour is, and each voxel gets its likeliest label.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from cohort import Subject, scores, subjects
from numpy.typing import NDArray
from own_memory import peak_bytes
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, uniform_filter
from sklearn.ensemble import RandomForestClassifier

from oncontour.core.box import bounding_box
from oncontour.core.sequence import Sequence

SEQUENCES = (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)
SIGMAS = (1.0, 2.0, 4.0)
"""Of Gaussian smoothings, in voxels of 2 mm."""
WINDOWS = (3, 7)
"""Of means and deviations, in voxels."""
EVERY_HEALTHY, EVERY_TUMOUR = 20, 4
"""One in so many voxels is learnt from, and counts for so many."""
TREES, LEAF = 100, 5
"""How many trees; voxels that a leaf must hold, below which a split learns noise."""


def features(subject: Subject) -> NDArray[np.float32]:
    """What the forest sees of each voxel of the brain, (n, 47)."""
    box = bounding_box(subject.brain.array)
    assert box is not None, "a phantom has a brain"
    inside = subject.brain.array[box]
    columns = []
    for sequence in SEQUENCES:
        image = subject.images[sequence].array[box]
        columns.append(image)
        for sigma in SIGMAS:
            columns += [gaussian_filter(image, sigma), gaussian_gradient_magnitude(image, sigma)]
        for size in WINDOWS:
            mean, square = uniform_filter(image, size), uniform_filter(image**2, size)
            columns += [mean, np.sqrt(np.maximum(square - mean**2, 0))]
    columns += list(np.meshgrid(*(np.linspace(0, 1, size) for size in inside.shape), indexing="ij"))
    return np.stack([column[inside] for column in columns], axis=1).astype(np.float32)


def sampled(subject: Subject, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Features, labels and weights of the voxels of a case that are learnt from."""
    labels = subject.labels[subject.brain.array]
    every = np.where(labels > 0, EVERY_TUMOUR, EVERY_HEALTHY)
    chosen = rng.random(labels.shape) < 1 / every
    return features(subject)[chosen], labels[chosen], every[chosen]


def fit(training: Path) -> RandomForestClassifier:
    """The forest of a data set's cases."""
    rng = np.random.default_rng(0)
    parts = [sampled(subject, rng) for subject in subjects(training)]
    values, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    print(f"forest: {TREES} trees from {len(labels)} voxels", flush=True)
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF, n_jobs=-1, random_state=0)
    return forest.fit(values, labels, sample_weight=weights)


def predict(forest: RandomForestClassifier, subject: Subject) -> NDArray[np.uint8]:
    """Label map (i, j, k) of a case."""
    found = np.zeros(subject.labels.shape, np.uint8)
    found[subject.brain.array] = forest.predict(features(subject))
    return found


def main() -> None:
    """Train, predict, write what it was worth and what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("training", "held_out", "result"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    began = time.perf_counter()
    forest = fit(arguments.training)
    seconds = time.perf_counter() - began
    found = {}
    for subject in subjects(arguments.held_out):
        found[subject.name] = scores(predict(forest, subject), subject.labels)
        print("forest:", subject.name, *(f"{name} {value:.2f}" for name, value in found[subject.name].items()))
    content = {
        "seconds": round(seconds, 1),
        "peak_mb": round(peak_bytes() / 2**20),
        "nodes": sum(tree.tree_.node_count for tree in forest.estimators_),
        "dice": found,
    }
    arguments.result.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
