"""The models of a run, each loaded once, when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from oncontour.core.volume import Volume
from oncontour.data.files import file_digest
from oncontour.pipeline.options import BRAIN_BUNDLE, DEFAULT_BUNDLE

if TYPE_CHECKING:
    from oncontour.inference.bundle import Bundle


@dataclass(frozen=True)
class Models:
    """The tumour model, and the one that finds the brain.

    Args:
        name: bundle of the tumour model: a shipped bundle's name, or a folder.
        engine: what runs them, as `oncontour.inference.engines.choose_engine` takes it.
    """

    name: str = DEFAULT_BUNDLE
    engine: str = "torch"

    @cached_property
    def tumour(self) -> Bundle:
        """The tumour model.

        Raises:
            BundleError: no such bundle, or a damaged one.
            OutputError: no such engine, or it is not installed.
        """
        return self._load(self.name)

    @cached_property
    def brain(self) -> Bundle:
        """The model that finds the brain; many studies never need it."""
        return self._load(BRAIN_BUNDLE)

    def _load(self, name: str) -> Bundle:
        from oncontour.inference.bundle import load_bundle
        from oncontour.inference.engines import choose_engine

        return load_bundle(name, choose_engine(self.engine))

    @cached_property
    def record(self) -> dict[str, dict[str, str]]:
        """Name and engine of each bundle; the digest of its provenance.json, which holds those of its other files."""
        return {
            purpose: {
                "name": bundle.name,
                "engine": str(bundle.engine),
                "sha256": file_digest(bundle.folder / "provenance.json"),
            }
            for purpose, bundle in (("tumour", self.tumour), ("brain", self.brain))
        }

    def extract_brain(self, volume: Volume) -> Volume:
        """Brain mask of an image, as the preprocessing room wants it done."""
        from oncontour.inference.brain import extract_brain

        return extract_brain(volume, self.brain)
