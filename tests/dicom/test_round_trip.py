"""Series that this room writes are read back as what they are, where they are."""

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.find import find_studies
from oncontour.dicom.study import read_study
from oncontour.dicom.write_series import SyntheticStudy, write_series


def test_written_series_come_back(tmp_path):
    shape = (10, 12, 26)
    affine = np.diag([0.8, 0.8, 5.0, 1.0])
    written = SyntheticStudy("round-trip", seed=3)
    volumes = {
        sequence: Volume(np.random.default_rng(n).uniform(0, 900, shape).astype(np.float32), affine)
        for n, sequence in enumerate(Sequence)
    }
    for number, (sequence, volume) in enumerate(volumes.items(), start=1):
        write_series(volume, tmp_path / "in" / str(number), sequence=sequence, number=number, study=written)
    (found,) = find_studies(tmp_path / "in", tmp_path / "unpacked")
    study = read_study(found)
    assert set(study.images) == set(Sequence)
    for sequence, image in study.images.items():
        back, sent = image.volume.reoriented("RAS"), volumes[sequence]
        assert np.allclose(back.affine, sent.affine, atol=1e-3)
        assert np.corrcoef(back.array.ravel(), sent.array.ravel())[0, 1] > 0.9999  # the writer uses all stored bits
