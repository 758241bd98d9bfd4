"""True discoveries beside nilearn 0.14.1's: equal on volumes, and where it is not followed.

Where they differ the test first pins what nilearn gives, so that a change there is noticed here.

========================================= ======================= ================================
case                                      nilearn 0.14.1          here
========================================= ======================= ================================
(V - k) α / (α - p) is a whole number     Hommel's value too      that of the definition
                                          large by 1 or more
all p below α, or p that underflows to 0  share above 1           at most 1
one hemisphere beside the other           a family of tests each  one family
clusters on a surface                     by vertex number        along the mesh
========================================= ======================= ================================
"""

import warnings

import nibabel as nib
import numpy as np
import pytest
from nilearn.glm import cluster_level_inference as nilearns
from nilearn.glm.thresholding import _compute_hommel_value, _true_positive_fraction
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.inference.hommel import closed_testing, hommel_value
from secondlevel.inference.normal import upper_p
from secondlevel.inference.region_bound import in_regions

SHAPE = (24, 28, 22)
AFFINE = np.diag([-3.0, 3, 3, 1])


def brain(seed, effect):
    """Smooth noise with smooth effects inside an ellipsoid, 0 outside; and its mask."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.0)
    where = ndimage.gaussian_filter(rng.normal(size=SHAPE), 3.0)
    z = noise / noise.std() + effect * np.maximum(where / where.std() - 1, 0)
    at = np.indices(SHAPE) - np.reshape(np.array(SHAPE) / 2, (3, 1, 1, 1))
    inside = ((at / np.reshape(np.array(SHAPE) / 2.2, (3, 1, 1, 1))) ** 2).sum(axis=0) < 1
    mask = nib.Nifti1Image(inside.astype(np.uint8), AFFINE)
    return nib.Nifti1Image(np.where(inside, z, 0.0), AFFINE), mask


def quietly(*args, **settings):
    """Return nilearn's image without its remarks, one of which is on the default threshold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nilearns(*args, **settings)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("threshold", "alpha"), [(3.0, 0.05), (2, 0.2), ([2.5, 4.0, 3.2], 0.05), (0.0, 0.01)]
)
def test_volumes_are_the_same(seed, threshold, alpha):
    """The image must be nilearn's to the last bit, with a mask and without."""
    z, mask = brain(seed, effect=8.0)
    for mask_img in (mask, None):
        expected = quietly(z, mask_img, threshold, alpha)
        found = cluster_level_inference(z, mask_img, threshold, alpha)
        np.testing.assert_array_equal(found.get_fdata(), expected.get_fdata())
        np.testing.assert_array_equal(found.affine, expected.affine)
        assert expected.get_fdata().max() > 0


def test_arguments_go_by_position_as_in_nilearn():
    """All of nilearn's arguments, in its order, must be taken."""
    z, mask = brain(9, effect=8.0)
    np.testing.assert_array_equal(
        cluster_level_inference(z, mask, 2.7, 0.1, 0).get_fdata(),
        quietly(z, mask, 2.7, 0.1, 0).get_fdata(),
    )


def test_h_is_the_same_away_from_bounds():
    """On random z, of few elements and of many, h must be nilearn's."""
    rng = np.random.default_rng(90)
    seen = set()
    for n in [*range(1, 200), 20_000, 100_000]:
        z = rng.normal(size=n) + rng.uniform(0, 4) * (rng.random(n) < 0.4)
        for alpha in (0.01, 0.05, 0.3):
            h = hommel_value(upper_p(z), alpha)
            assert h == _compute_hommel_value(z, alpha)
            seen.add(h == 0 if h in {0, n} else None)
    assert seen == {True, False, None}


@pytest.mark.parametrize(
    ("p", "alpha", "theirs", "ours"),
    [
        # Simes rejects all since the largest p is α; nilearn wants it below.
        ([0.25, 0.5], 0.5, 2, 0),
        ([0.001, 0.01, 0.1, 0.5, 0.5], 0.5, 2, 0),
        # Simes rejects all three since 3 × 0.125 is α, but not the two larger ones.
        ([0.125, 0.9, 0.9], 0.375, 3, 2),
        # Six: 6 × 0.25 is 3 α. Five: 5 × 0.25 is above 2 α.
        ([0.25, 0.25, 0.25, 0.75, 0.75, 0.75], 0.5, 6, 5),
    ],
)
def test_h_at_bounds_is_that_of_the_definition(p, alpha, theirs, ours):
    """Simes rejects at its bound, too, which nilearn's value does not count."""
    p = np.array(p)
    z = stats.norm.isf(p)
    np.testing.assert_allclose(upper_p(z), p, rtol=1e-14)  # seen: 2e-16
    assert _compute_hommel_value(z, alpha) == theirs
    assert hommel_value(upper_p(z), alpha) == ours

    def rejected(i):
        return (i * np.sort(p)[len(p) - i :] <= np.arange(1, i + 1) * alpha).any()

    assert not rejected(ours)
    assert rejected(ours + 1)


def test_no_share_is_above_1():
    """Where all p are below α, or underflow to 0, nilearn gives more than there are elements."""
    z = np.array([4.0, 5.0, 6.0])
    assert _true_positive_fraction(z, _compute_hommel_value(z, 0.05), 0.05) == 4 / 3
    assert in_regions(closed_testing(upper_p(z), 0.05).steps, np.ones(3, dtype=int), 1)[0] == 3
    image = nib.Nifti1Image(z[None, None], AFFINE)
    mask = nib.Nifti1Image(np.ones((1, 1, 3), dtype=np.uint8), AFFINE)
    assert quietly(image, mask).get_fdata().max() == 4 / 3
    assert cluster_level_inference(image, mask).get_fdata().tolist() == [[[1.0, 1.0, 1.0]]]

    far = np.r_[40.0, 41.0, 42.0, np.random.default_rng(91).normal(size=100)]
    h = _compute_hommel_value(far, 0.05)
    closed = closed_testing(upper_p(far), 0.05)
    assert closed.h == h == 100
    assert _true_positive_fraction(far[:3], h, 0.05) == 4 / 3
    assert in_regions(closed.steps, (np.arange(103) < 3).astype(int), 1)[0] == 3


def ring(n):
    """A ring of vertices and triangles whose neighbours are two steps apart in number."""
    i = np.arange(n)
    order = np.r_[np.arange(0, n, 2), np.arange(1, n, 2)]
    triangles = np.column_stack([order[i], order[(i + 1) % n], order[(i + 2) % n]])
    points = np.random.default_rng(92).normal(size=(n, 3))
    return InMemoryMesh(points, triangles)


def test_surfaces_are_one_family_with_clusters_along_the_mesh():
    """Both parts must be tested together, with neighbours of the mesh and not in number."""
    n = 400
    mesh = PolyMesh(left=ring(n), right=ring(n))
    rng = np.random.default_rng(93)
    parts = {part: rng.normal(size=n) for part in ("left", "right")}
    parts["left"][[100, 102, 104]] = 4.5, 4.0, 3.8  # neighbours on the mesh
    parts["left"][[200, 201]] = 3.6, 3.5  # neighbours in number alone
    parts["right"] -= 1.0
    parts["right"][300] = 3.75
    image = SurfaceImage(mesh, parts)
    theirs, ours = quietly(image, threshold=3.2), cluster_level_inference(image, threshold=3.2)
    their_left, our_left = theirs.data.parts["left"], ours.data.parts["left"]

    def alone(region, family):
        steps = closed_testing(upper_p(family), 0.05).steps
        member = np.isin(family, region)
        return in_regions(steps, member.astype(int), 1)[0] / member.sum()

    family = np.concatenate([parts["left"], parts["right"]])
    blob, pair = parts["left"][[100, 102, 104]], parts["left"][[200, 201]]
    # Three clusters of one vertex in nilearn, one of three here.
    assert their_left[[100, 102, 104]].tolist() == [alone(v, parts["left"]) for v in blob]
    assert np.unique(our_left[[100, 102, 104]]).tolist() == [alone(blob, family)]
    # One cluster of two vertices in nilearn, two of one here.
    assert np.unique(their_left[[200, 201]]).tolist() == [alone(pair, parts["left"])]
    assert our_left[[200, 201]].tolist() == [alone(v, family) for v in pair]
    # Among 400 vertices the lone one is a discovery, among 800 it is not.
    assert theirs.data.parts["right"][300] == 1.0
    assert ours.data.parts["right"][300] == alone(parts["right"][300], family) == 0.0
