from fractions import Fraction
from itertools import combinations, pairwise
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from oncontour.core.errors import InputError
from oncontour.core.orientation import ALL_ORIENTATIONS, reorient_array
from oncontour.measure import bidimensional
from oncontour.measure.lines import stay_inside

SLICES = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6), elements=st.booleans())
IN_PLANE = st.sampled_from([np.eye(2), np.diag([0.5, 1.5]), np.array([[1.0, 0.4], [0.1, 0.9]])])


def passes(p, q):
    """Pixels whose open square the line from p to q meets, by exact fractions."""
    cuts = {Fraction(0), Fraction(1)}
    for a, b in zip(p, q, strict=True):
        cuts |= {Fraction(2 * n + 1 - 2 * a, 2 * (b - a)) for n in range(min(a, b), max(a, b)) if a != b}
    cuts = sorted(cuts)
    middles = [(low + high) / 2 for low, high in pairwise(cuts)]
    return {tuple(floor(a + t * (b - a) + Fraction(1, 2)) for a, b in zip(p, q, strict=True)) for t in middles}


def meet(a, b, c, d):
    """Whether two lines that are not parallel share a point: solve for both parameters in whole numbers."""
    (ux, uy), (vx, vy), (wx, wy) = np.subtract(b, a), np.subtract(d, c), np.subtract(c, a)
    determinant = int(ux * vy - uy * vx)
    s, t = Fraction(int(wx * vy - wy * vx), determinant), Fraction(int(wx * uy - wy * ux), determinant)
    return 0 <= s <= 1 and 0 <= t <= 1


def brute_force(image, plane, tolerance_deg):
    """(longest-first, max-product) of one slice, by looking at all pairs of all lines."""
    labels, count = ndimage.label(image, np.ones((3, 3)))
    firsts, products = [0.0], [0.0]
    for component in range(1, count + 1):
        pixels = [tuple(map(int, pixel)) for pixel in np.argwhere(labels == component)]
        lines = [(p, q) for p, q in combinations(pixels, 2) if all(image[pixel] for pixel in passes(p, q))]
        vectors = [plane @ np.subtract(q, p) for p, q in lines]
        lengths = [float(np.linalg.norm(vector)) for vector in vectors]
        pairs = dict.fromkeys(range(len(lines)), 0.0)
        for m, n in combinations(range(len(lines)), 2):
            cosine = abs(vectors[m] @ vectors[n]) / (lengths[m] * lengths[n])
            if cosine <= np.sin(np.deg2rad(tolerance_deg)) + 1e-9 and meet(*lines[m], *lines[n]):
                pairs[m], pairs[n] = max(pairs[m], lengths[n]), max(pairs[n], lengths[m])
        products += [lengths[n] * pairs[n] for n in pairs]
        if lines:
            ties = [n for n in pairs if lengths[n] >= max(lengths) * (1 - 1e-9)]
            firsts.append(max(lengths) * max(pairs[n] for n in ties))
    return max(firsts), max(products)


def affine_of(plane):
    affine = np.eye(4)
    affine[:2, :2] = plane
    return affine


@settings(max_examples=80, deadline=None)
@given(SLICES, IN_PLANE, st.sampled_from([0.0, 5.0, 20.0]))
def test_against_brute_force(image, plane, tolerance_deg):
    first, product = brute_force(image, plane, tolerance_deg)
    mask, affine = image[..., None], affine_of(plane)
    assert bidimensional(mask, affine, "longest-first", tolerance_deg).product_mm2 == pytest.approx(first)
    assert bidimensional(mask, affine, "max-product", tolerance_deg).product_mm2 == pytest.approx(product)


@settings(max_examples=200, deadline=None)
@given(SLICES, st.data())
def test_lines_inside_against_exact_fractions(image, data):
    ends = st.tuples(*(st.integers(0, side - 1) for side in image.shape))
    p, q = data.draw(ends), data.draw(ends)
    image[p] = image[q] = True
    expected = all(image[pixel] for pixel in passes(p, q))
    assert stay_inside(image, np.array([p], np.int32), np.array([q], np.int32))[0] == expected


def ellipse(a_mm, b_mm, turn_deg, spacing):
    half = np.ceil(np.array([a_mm, a_mm]) / spacing).astype(int) + 2
    i, j = np.meshgrid(*(np.arange(-n, n + 1) * s for n, s in zip(half, spacing, strict=True)), indexing="ij")
    turn = np.deg2rad(turn_deg)
    u, v = i * np.cos(turn) + j * np.sin(turn), j * np.cos(turn) - i * np.sin(turn)
    return (u / a_mm) ** 2 + (v / b_mm) ** 2 <= 1


@pytest.mark.parametrize("method", ["longest-first", "max-product"])
@pytest.mark.parametrize("turn_deg", [0, 17, 45, 90])
@pytest.mark.parametrize("spacing", [(0.5, 0.5), (0.5, 0.8)])
def test_axes_of_an_ellipse(method, turn_deg, spacing):
    mask = np.zeros((*ellipse(20, 12, turn_deg, spacing).shape, 3), dtype=bool)
    mask[..., 1] = ellipse(20, 12, turn_deg, spacing)
    found = bidimensional(mask, np.diag([*spacing, 3.0, 1.0]), method)
    slack = 1.0 if method == "longest-first" else 1.5  # a shorter line with a wider one across may win by a voxel
    assert found.longest_mm == pytest.approx(40, abs=slack)
    assert found.perpendicular_mm == pytest.approx(24, abs=slack)
    assert found.product_mm2 == pytest.approx(40 * 24, rel=0.05)
    assert found.slice_index == 1


@pytest.mark.parametrize("method", ["longest-first", "max-product"])
def test_a_cavity_is_not_bridged(method):
    distance = np.hypot(*(np.indices((61, 61)) - 30))
    ring = ((distance <= 25) & (distance >= 20))[..., None]
    solid = (distance <= 25)[..., None]
    bridged = bidimensional(solid, np.eye(4), method)
    found = bidimensional(ring, np.eye(4), method)
    assert bridged.longest_mm == pytest.approx(50, abs=1)
    longest_chord = 2 * np.sqrt(25**2 - 20**2)  # the line that touches the cavity
    assert found.longest_mm == pytest.approx(longest_chord, abs=2)
    assert found.perpendicular_mm < 8


def test_the_best_slice_and_component_win_even_beside_a_longer_thin_one():
    mask = np.zeros((60, 40, 4), dtype=bool)
    mask[2:58, 2, 1] = True  # long and one voxel thin
    mask[10:25, 10:25, 1] = True
    mask[10:20, 10:20, 3] = True
    found = bidimensional(mask, np.eye(4))
    assert found.slice_index == 1
    assert found.longest_mm == pytest.approx(14 * np.sqrt(2))


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_the_same_in_all_48_orientations(codes):
    rng = np.random.default_rng(3)
    mask = ndimage.gaussian_filter(rng.random((14, 15, 9)), 1.5) > 0.52
    affine = np.array([[0.9, 0.05, 0.1, 3], [-0.05, 1.1, 0, -7], [0.0, 0.1, 2.5, 11], [0, 0, 0, 1.0]])
    expected = bidimensional(mask, affine)
    turned, turned_affine = reorient_array(mask, affine, codes)
    found = bidimensional(turned, turned_affine)
    assert found.product_mm2 == pytest.approx(expected.product_mm2)
    assert found.longest_mm == pytest.approx(expected.longest_mm)
    slice_axis = next(n for n, code in enumerate(codes) if code in "SI")
    index = found.slice_index if "S" in codes else turned.shape[slice_axis] - 1 - found.slice_index
    assert index == expected.slice_index


def test_empty_and_single_voxel_masks():
    mask = np.zeros((3, 3, 3), dtype=bool)
    assert bidimensional(mask, np.eye(4)).slice_index is None
    mask[1, 1, 2] = True
    found = bidimensional(mask, np.eye(4))
    assert (found.product_mm2, found.longest_mm, found.slice_index) == (0.0, 0.0, 2)


def test_unknown_method_and_impossible_tolerance_are_refused():
    mask = np.ones((2, 2, 2), dtype=bool)
    with pytest.raises(InputError, match="max-product"):
        bidimensional(mask, np.eye(4), "widest")
    with pytest.raises(InputError, match="0 to 45"):
        bidimensional(mask, np.eye(4), tolerance_deg=50)
