"""true_discoveries: regions of every kind, on a volume and on a surface."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage
from scipy import stats

from secondlevel.claims.cluster_level import cluster_level_inference
from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
from secondlevel.claims.true_discovery import TrueDiscoveries, true_discoveries
from secondlevel.errors import (
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
    MapWarning,
    MissingDataWarning,
)


def bounds(z, alpha=0.05):
    """Make a function that gives the bound of any part of a family of z, by the formulas."""
    p = np.sort(stats.norm.sf(z))
    n = len(p)
    h = max(
        i
        for i in range(n + 1)
        if i == 0 or not (i * p[n - i :] <= np.arange(1, i + 1) * alpha).any()
    )

    def bound(region):
        if len(region) == 0:
            return 0
        inside = stats.norm.sf(region)
        steps = range(1, len(inside) + 1)
        return max(1 - u + np.count_nonzero(h * inside <= u * alpha) for u in steps)

    return bound


@pytest.fixture(scope="module")
def bound(z, inside):
    """Bounds of the family of the volume."""
    return bounds(z[inside])


@pytest.fixture(scope="module")
def box(z):
    """A region with the raised blob in it, 25 of whose voxels are outside the mask."""
    flags = np.zeros(z.shape, dtype=bool)
    flags[3:8, 2:7, 0:8] = True
    return flags


@pytest.fixture(scope="module")
def labels(z):
    """Regions 2, 5 and 9; the last one wholly outside the mask."""
    numbers = np.zeros(z.shape, dtype=np.int32)
    numbers[3:6, 3:7, 2:6] = 2
    numbers[3:6, 3:7, 6:14] = 5
    numbers[0, 2:4, 2:5] = 9
    return numbers


def test_the_whole_map(image, z, inside, bound):
    """Without a region the bound is that of all elements."""
    assert true_discoveries(image) == TrueDiscoveries(
        bound(z[inside]), inside.sum(), outside=0, alpha=0.05
    )


def test_a_region_in_any_form_has_the_same_bound(
    image, mask, z, inside, box, bound, on_grid, tmp_path
):
    """Image, file, 4D image, flags of the grid, flags of the elements, a finer grid, a list."""
    n_true = bound(z[inside & box])
    assert 20 < n_true < 60
    found = TrueDiscoveries(n_true, (inside & box).sum(), (box & ~inside).sum(), 0.05)
    assert found.outside == 25
    as_image = on_grid(box.astype(np.uint8))
    as_image.to_filename(tmp_path / "box.nii.gz")
    twice = np.repeat(np.repeat(np.repeat(box, 3, 0), 3, 1), 3, 2).astype(np.uint8)
    finer = image.affine @ nib.affines.from_matvec(np.eye(3) / 3, np.full(3, -1 / 3))
    forms = {
        "image": as_image,
        "one other value": on_grid(7.0 * box),
        "NaN outside": on_grid(np.where(box, 1.0, np.nan)),
        "path": tmp_path / "box.nii.gz",
        "text": str(tmp_path / "box.nii.gz"),
        "4D": on_grid(box[..., None].astype(np.uint8)),
        "finer grid": nib.Nifti1Image(twice, finer),
        "flags": box,
        "whole numbers": box.astype(int),
        "0 and 1 in doubles": box.astype(float),
        "NaN outside, half precision": np.where(box, 1.0, np.nan).astype(np.float16),
        "list": box.tolist(),
    }
    for form, region in forms.items():
        assert true_discoveries(image, region, mask) == found, form
    of_elements = true_discoveries(image, box[inside], mask)
    assert of_elements == TrueDiscoveries(n_true, found.elements, 0, 0.05)


def test_bounds_of_an_atlas_are_those_of_its_regions(image, labels, z, inside, bound, on_grid):
    """Each row must have what its region has alone; a region without an element has no share."""
    table = true_discoveries(image, on_grid(labels))
    expected = pd.DataFrame(
        {
            "Label": [2, 5, 9],
            "Elements": [(inside & (labels == label)).sum() for label in (2, 5, 9)],
            "True Discoveries": [bound(z[inside & (labels == label)]) for label in (2, 5, 9)],
            "Outside": [(~inside & (labels == label)).sum() for label in (2, 5, 9)],
        }
    )
    expected.insert(
        3, "Proportion", [*(expected["True Discoveries"] / expected["Elements"])[:2], np.nan]
    )
    pd.testing.assert_frame_equal(table, expected)
    assert table["True Discoveries"].tolist() == [14, 18, 0]
    for label in (2, 5):
        alone = true_discoveries(image, labels == label)
        assert alone.at_least == table.set_index("Label").loc[label, "True Discoveries"]
    pd.testing.assert_frame_equal(true_discoveries(image, labels), table)
    pd.testing.assert_frame_equal(
        true_discoveries(image, labels[inside]),
        table.iloc[:2].assign(Outside=0),
    )


def test_regions_are_called_by_the_lookup_table(image, labels, on_grid):
    """Names may come as a dict, a table or a list, or with the atlas; one region then has a row."""
    names = {2: "front", 5: "back", 9: "skull"}
    lookup = pd.DataFrame({"index": list(names), "name": list(names.values())})
    listed = ["background", "", "front", "", "", "back", "", "", "", "skull"]
    atlas = on_grid(labels)
    tables = [
        true_discoveries(image, atlas, region_labels=names),
        true_discoveries(image, atlas, region_labels=lookup),
        true_discoveries(image, atlas, region_labels=listed),
        true_discoveries(image, {"maps": atlas, "labels": listed}),
        true_discoveries(image, labels, region_labels=names),
    ]
    for table in tables:
        assert table["Name"].tolist() == ["front", "back", "skull"]
        pd.testing.assert_frame_equal(table.drop(columns="Name"), true_discoveries(image, atlas))
    one = true_discoveries(image, labels == 5, region_labels={1: "back"})
    assert one["Name"].tolist() == ["back"]


def test_numbers_of_regions_may_be_large(image, labels, on_grid):
    """Labels beyond 32 bits, as some atlases have, must be kept apart and as they are."""
    large = labels.astype(np.int64) * 10**9 + (labels > 0)
    table = true_discoveries(image, large)
    assert table["Label"].tolist() == [2 * 10**9 + 1, 5 * 10**9 + 1, 9 * 10**9 + 1]
    pd.testing.assert_frame_equal(
        table.drop(columns="Label"), true_discoveries(image, labels).drop(columns="Label")
    )


def test_several_images_are_to_be_one(image, labels, on_grid):
    """A list of images or paths must be refused with what to do instead."""
    apart = [on_grid((labels == label).astype(np.uint8)) for label in (2, 5)]
    with pytest.raises(InputTypeError, match=r"a list of Nifti1Image\. Put .* one label image"):
        true_discoveries(image, apart)
    with pytest.raises(InputTypeError, match="Put several regions into one label image"):
        true_discoveries(image, ["left.nii", "right.nii"])
    with pytest.raises(InputTypeError, match="a list that makes no array"):
        true_discoveries(image, [[1], [1, 0]])


def test_names_without_regions_are_noticed(image):
    """They have no effect, and that must be said."""
    with pytest.warns(IgnoredParameterWarning, match="give their image as region too"):
        found = true_discoveries(image, region_labels={1: "left"})
    assert found == true_discoveries(image)


def test_what_a_threshold_left_is_not_taken_for_a_map_in_silence(image, z, on_grid, mask):
    """Each function must warn of it, and say nothing when a mask tells what was looked at."""
    cut = on_grid(np.where(np.abs(z) > 2.5, z, 0))
    functions = (
        true_discoveries,
        true_discovery_map,
        true_discovery_regions,
        cluster_level_inference,
    )
    for function in functions:
        with pytest.warns(MapWarning, match="looks thresholded"):
            function(cut)
    # As nilearn's, a mask says which elements were tested; those that are 0 now count as 0.
    whole, again = true_discoveries(image), true_discoveries(cut, mask_img=mask)
    assert 0 < again.at_least <= whole.at_least
    assert again.elements == whole.elements
    with pytest.warns(MapWarning, match="looks thresholded"):
        assert true_discoveries(cut).at_least > whole.at_least


def test_a_surface_map_that_looks_like_p_is_noticed(surface):
    """Surfaces have no header: all values in 0 … 1 must be remarked by every function."""
    p = SurfaceImage(
        surface.mesh,
        {part: stats.norm.sf(values) for part, values in surface.data.parts.items()},
    )
    with pytest.warns(MapWarning, match="between 0 and 1, as p-values do, and it is taken for z"):
        assert true_discoveries(p).at_least == 0


def test_claims_grow_with_alpha(image, z, inside, box):
    """At every alpha the bound must be that of the formulas."""
    for alpha in (1e-9, 0.001, 0.2, 0.9):
        found = true_discoveries(image, box, alpha=alpha)
        assert found.at_least == bounds(z[inside], alpha)(z[inside & box])
        assert found.alpha == alpha


def test_what_has_no_value_was_not_tested(z, inside, box, mask, on_grid):
    """Elements of the region that are NaN must be counted as outside, and not in the family."""
    holes = z.copy()
    holes[4, 4, 4:7] = np.nan
    with pytest.warns(MissingDataWarning, match="3 of"):
        found = true_discoveries(on_grid(holes), box, mask)
    valid = inside & ~np.isnan(holes)
    assert found.outside == 28
    assert found.elements == (valid & box).sum()
    assert found.at_least == bounds(holes[valid])(holes[valid & box])


def test_regions_of_a_surface(surface):
    """A region may cross parts; image, flags of all vertices and flags per element are the same."""
    parts = surface.data.parts
    z = np.concatenate([parts["left"], parts["right"]])
    rows = np.arange(400) // 20
    region = {"left": rows < 8, "right": rows < 3}
    flags = np.concatenate([region["left"], region["right"]])
    n_true = bounds(z)(z[flags])
    assert n_true == 22  # 16 and 6 vertices of blobs
    as_image = SurfaceImage(surface.mesh, {part: data.astype(int) for part, data in region.items()})
    assert true_discoveries(surface, as_image) == TrueDiscoveries(n_true, 220, 0, 0.05)
    assert true_discoveries(surface, flags) == TrueDiscoveries(n_true, 220, 0, 0.05)
    mask = SurfaceImage(
        surface.mesh, {"left": np.ones(400, dtype=int), "right": (rows > 0).astype(int)}
    )
    inside = np.concatenate([np.ones(400, dtype=bool), rows > 0])
    masked = true_discoveries(surface, as_image, mask)
    assert masked == TrueDiscoveries(bounds(z[inside])(z[inside & flags]), 200, 20, 0.05)
    assert true_discoveries(surface, flags[inside], mask).at_least == masked.at_least
    halves = SurfaceImage(surface.mesh, {"left": np.full(400, 1), "right": np.full(400, 2)})
    table = true_discoveries(surface, halves, region_labels={1: "left", 2: "right"})
    assert table["True Discoveries"].tolist() == [
        bounds(z)(parts["left"]),
        bounds(z)(parts["right"]),
    ]


def test_the_answer_in_words():
    """Number, share, confidence, and what was not tested must be said."""
    words = str(TrueDiscoveries(at_least=3, elements=8, outside=0, alpha=0.001))
    assert words == "at least 3 of 8 elements (37.5%) are active, with 99.9% confidence"
    more = str(TrueDiscoveries(at_least=3, elements=8, outside=4, alpha=0.001))
    assert more == f"{words}; 4 more were not tested"


def test_a_region_without_any_element_is_refused(image, z, mask, labels, on_grid):
    """A region that is empty, elsewhere, or outside the mask must be told apart."""
    with pytest.raises(InputError, match="The region is empty"):
        true_discoveries(image, np.zeros(z.shape, dtype=bool))
    moved = nib.affines.from_matvec(np.eye(3), [500, 0, 0])
    far = nib.Nifti1Image(np.ones((3, 3, 3), dtype=np.uint8), moved)
    with pytest.raises(InputError, match="nothing of it lies on the grid"):
        true_discoveries(image, far)
    with pytest.raises(InputError, match="None of the 6 elements of the region was tested"):
        true_discoveries(image, on_grid((labels == 9).astype(np.uint8)), mask)


def test_what_is_no_region_is_refused(image, z, surface, tmp_path):
    """Other shapes, fractions, several volumes, other kinds and missing files must be named."""
    with pytest.raises(InputError, match=r"or the shape of the map, \(14, 15, 16\); got \(3, 3\)"):
        true_discoveries(image, np.ones((3, 3), dtype=bool))
    with pytest.raises(InputTypeError, match="booleans or whole numbers; got complex128"):
        true_discoveries(image, z + 0j)
    for fractions in (z, np.where(z == 0, 0.0, np.inf), nib.Nifti1Image(z / 2, image.affine)):
        with pytest.raises(MapError, match=r"no fractions; this one holds .*region > 0\.5"):
            true_discoveries(image, fractions)
    with pytest.raises(MapError, match="region must hold one map"):
        true_discoveries(image, nib.Nifti1Image(np.ones((2, 2, 2, 3)), image.affine))
    with pytest.raises(MapNotFoundError, match="nowhere"):
        true_discoveries(image, tmp_path / "nowhere.nii")
    with pytest.raises(InputTypeError, match="region must be a 3D image"):
        true_discoveries(image, 3)
    with pytest.raises(MapError, match="surface"):
        true_discoveries(image, surface)
    with pytest.raises(MapError, match="volume"):
        true_discoveries(surface, image)
    with pytest.raises(InputError, match="looks like a z value"):
        true_discoveries(image, alpha=3.1)
