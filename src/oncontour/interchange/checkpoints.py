"""Reading what other programs pickled, without running what a pickle may hold."""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from oncontour.core.errors import BundleError

REMEDY = "Save the model again with weights and plain data alone."

_CORE: Any = getattr(np, "_core", None) or np.core
"""Where numpy keeps what its own pickles call; numpy 2 moved it."""

_NUMPY: Mapping[tuple[str, str], Any] = {
    (f"numpy.{core}.{module}", name): getattr(getattr(_CORE, module), name)
    for core in ("core", "_core")
    for module, name in (("multiarray", "scalar"), ("multiarray", "_reconstruct"), ("numeric", "_frombuffer"))
}
"""What numpy's own pickles call; it builds numbers and arrays and nothing else."""

_PLAIN: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    **_NUMPY,
    **{
        (module, made.__name__): made
        for module in ("builtins", "__builtin__")
        for made in (set, frozenset, list, dict, tuple, int, float, bool, str, slice)
    },
}
"""Everything that a pickle of plain data may name."""


def load_checkpoint(path: Path) -> Mapping[str, Any]:
    """What a torch checkpoint holds: tensors, numbers, texts and containers.

    Raises:
        BundleError: not a checkpoint, or one that names other objects; they are never made.
    """
    import torch

    kinds = [type(np.dtype(name)) for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "?")]
    numpy = [(made, f"{module}.{name}") for (module, name), made in _NUMPY.items()]
    safe: list[Any] = [np.dtype, np.ndarray, *kinds, *numpy]
    try:
        with torch.serialization.safe_globals(safe):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        found = f"a pickle that names {named.group(1)}" if named else "a damaged checkpoint"
        raise BundleError(path, found, "a checkpoint of tensors and plain data", REMEDY) from error
    except Exception as error:  # Damaged bytes make torch's unpickler fail in any way.
        found = f"no readable checkpoint ({type(error).__name__})"
        raise BundleError(path, found, "a file that torch wrote", "Copy the model again.") from error
    if not isinstance(content, Mapping):
        raise BundleError(path, f"a {type(content).__name__}", "a checkpoint's dictionary", "Give a trained model.")
    return content


def load_pickle(path: Path) -> Any:
    """What a pickle of plain data holds: numbers, texts, containers, numpy arrays.

    Raises:
        BundleError: no such pickle, or one that names other objects; they are never made.
    """
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file, path).load()
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, IndexError, ValueError, TypeError) as error:
        found = f"no readable pickle ({type(error).__name__})"
        raise BundleError(path, found, "a pickle of plain data", "Copy the model again.") from error


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) == ("_codecs", "encode"):  # numpy's pickles of protocol 2 hold bytes as latin-1 text.
            return lambda text, _encoding: text.encode("latin1")
        if (module, name) not in _PLAIN:
            raise BundleError(self._path, f"a pickle that names {module}.{name}", "plain data alone", REMEDY)
        return _PLAIN[module, name]
