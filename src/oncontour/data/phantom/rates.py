"""How often a tumour has which part and ingredient, and how large it is: what tells kinds of patients apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """How often a tumour has each part, and how large it is.

    Args:
        enhancing, solid, necrosis, cyst, edema: share of tumours that have the part. Diffuse and faint ones lose
            some of them again, so these lie above the shares of a cohort (`oncontour.data.phantom.kinds`).
        infiltration: share whose oedema goes on as infiltration.
        weakly_enhancing: share of enhancing tumours that enhance faintly.
        second: share of tumours with a second focus.
        third: share of those that have a third.
        log_radius, log_radius_deviation: of the natural logarithm of the core's radius in mm.
        smallest_mm, largest_mm: limits of that radius.
        infratentorial: share of tumours that start in cerebellum or brainstem; None: wherever white matter is.
        bounded: share of tumours without solid tumour beyond a rim or nodule that enhances.
        haemorrhage, calcification: share, of those not operated on, with blood or chalk in the core.
        septa: share of tumours with cysts whose cysts are divided.
        diffuse: share that infiltrates without much mass.
        diffuse_core: range of the share of an infiltration's reach that a reader draws as solid tumour.
        shift: share that pushes the midline.
        spread: share that grows along a tract: over the corpus callosum, or within brainstem and cerebellum.
        faint: share of small, faint ones.
        cortex, ventricle: share that starts there.
        resected: share that has been operated on.
        blood, gas, residual: share of those with blood products, with gas, with tumour left behind.
        flap: share of those with a skull flap, where there is a skull.
    """

    enhancing: float = 0.95
    solid: float = 1.0
    necrosis: float = 0.75
    cyst: float = 0.08
    edema: float = 0.96
    infiltration: float = 0.0
    weakly_enhancing: float = 0.0
    second: float = 0.33
    third: float = 0.065
    log_radius: float = 2.75
    log_radius_deviation: float = 0.45
    smallest_mm: float = 4.0
    largest_mm: float = 32.0
    infratentorial: float | None = None
    bounded: float = 0.5
    haemorrhage: float = 0.05
    calcification: float = 0.04
    septa: float = 0.5
    diffuse: float = 0.08
    diffuse_core: tuple[float, float] = (0.1, 0.5)
    shift: float = 0.7
    spread: float = 0.08
    faint: float = 0.08
    cortex: float = 0.12
    ventricle: float = 0.06
    resected: float = 0.0
    blood: float = 0.6
    gas: float = 0.1
    residual: float = 0.5
    flap: float = 0.8
