import pickle
from collections import OrderedDict, defaultdict

import numpy as np
import pytest
import torch

from oncontour.core.errors import BundleError
from oncontour.interchange.checkpoints import load_checkpoint, load_pickle


class Malice:
    """An object whose pickle would write a file when loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_plain_data_is_read_from_every_protocol(tmp_path, protocol):
    content = OrderedDict(
        a=[1, 2.5, "x", None, True, (1, {2}), b"bytes"], b=np.arange(6.0).reshape(2, 3), c=np.float32(1.5), d={1: {}},
        e=defaultdict(list, {1: [2]}),
    )  # fmt: skip
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(content, protocol))
    read = load_pickle(tmp_path / "x.pkl")
    assert read["a"] == content["a"]
    assert np.array_equal(read["b"], content["b"])
    assert (read["c"], read["e"]) == (content["c"], content["e"])


def test_other_objects_are_named_and_never_made(tmp_path):
    for write, read in ((torch.save, load_checkpoint), (lambda o, p: p.write_bytes(pickle.dumps(o)), load_pickle)):
        write({"weights": 1, "x": Malice(tmp_path / "made")}, tmp_path / "m")
        with pytest.raises(BundleError, match=r"open"):
            read(tmp_path / "m")
        assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"PK\x03\x04 truncated", b"text"])
def test_damage_is_a_clear_error(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    for read in (load_checkpoint, load_pickle):
        with pytest.raises(BundleError):
            read(tmp_path / "x")
        with pytest.raises(BundleError):
            read(tmp_path / "nowhere")
