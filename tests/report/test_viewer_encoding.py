"""What the page holds of maps: unpacked, it is the maps, at the places where they lie."""

import base64
import gzip
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from secondlevel.report.viewer.encode import encode_flags, encode_values, packed
from secondlevel.report.viewer.scene import encode_contrast, encode_scene


def unpack(text, dtype):
    """Numbers that were packed byte plane after byte plane."""
    raw = np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype=np.uint8)
    size = np.dtype(dtype).itemsize
    return np.ascontiguousarray(raw.reshape(size, -1).T).view(dtype).ravel()


def values_of(layer):
    """Values of a layer."""
    steps = unpack(layer["steps"], f"<i{layer['bytes']}").astype(np.int64)
    return (steps - np.sign(steps) / 2) * layer["step"]


def faces_of(text):
    """Triangles that were packed corner by corner, as small numbers without a sign."""
    packed_numbers = unpack(text, "<u4").astype(np.int64).reshape(3, -1)
    first, second, third = np.where(
        packed_numbers % 2, -(packed_numbers + 1) // 2, packed_numbers // 2
    )
    first = np.cumsum(first)
    return np.column_stack([first, first + second, first + third])


def flags_of(text, count):
    """Flags that were packed."""
    return np.unpackbits(unpack(text, "u1"))[:count].astype(bool)


WIDE = st.floats(-1e6, 1e6) | st.floats(-1e-3, 1e-3) | st.sampled_from([0.0, 1e-300, 9e15])


@settings(derandomize=True, deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=WIDE), st.floats(0, 1e6))
def test_values_come_back_within_a_step(values, border):
    """Half of one, or one beside the border, of which none changes its side; 0 stays 0."""
    layer = encode_values(values, border)
    back, step, sizes = values_of(layer), layer["step"], np.abs(values)
    seen = sizes >= 1e-200
    away = np.abs(sizes - border) > step
    assert np.abs(back - values)[seen & away].max(initial=0) <= 0.5001 * step
    assert np.abs(back - values)[seen].max(initial=0) <= step
    assert np.array_equal((sizes > border)[seen], (np.abs(back) > border)[seen])
    assert not back[~seen].any()
    if seen.any():
        assert step <= sizes.max() / 13_000
        assert step <= max(np.median(sizes[seen]) / 200, sizes.max() / 3e8)


@settings(derandomize=True, deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=WIDE))
def test_decimals_that_are_written_are_those_of_the_value(values):
    """Rounded to any decimal of two steps or more, what comes back is what the value is."""
    layer = encode_values(values)
    back, step = values_of(layer), layer["step"]
    last = int(np.floor(1e-9 - np.log10(2 * step)))
    for decimals in (last, last - 1, last - 2):
        shares = np.abs(values) * 10.0**decimals
        no_tie = np.abs(shares % 1 - 0.5) > 1e-6
        expected = np.floor(shares + 0.5)[no_tie & (np.abs(values) < 1e8 * step)]
        found = np.floor(np.abs(back) * 10.0**decimals + 0.5)
        assert np.array_equal(found[no_tie & (np.abs(values) < 1e8 * step)], expected)


@settings(derandomize=True, deadline=None)
@given(arrays(np.int32, st.integers(1, 50)), arrays(np.bool_, st.integers(1, 50)))
def test_what_is_packed_is_unpacked(numbers, flags):
    """Byte planes and bits, the same text each time."""
    assert np.array_equal(unpack(packed(numbers), "<i4"), numbers)
    assert np.array_equal(flags_of(encode_flags(flags), len(flags)), flags)
    assert packed(numbers) == packed(numbers.copy())


def affine_of(axes, signs, origin=(-9.0, 4.0, 7.0)):
    """An affine of 3 x 4 x 5 mm voxels whose axes run along these, in these directions."""
    affine = np.zeros((4, 4))
    for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[axis, column] = sign * (3.0, 4.0, 5.0)[axis]
    affine[:3, 3], affine[3, 3] = origin, 1.0
    return affine


AFFINES = {
    "RAS": affine_of((0, 1, 2), (1, 1, 1)),
    "LAS": affine_of((0, 1, 2), (-1, 1, 1)),
    "permuted": affine_of((2, 0, 1), (1, -1, 1)),
    "oblique": affine_of((0, 1, 2), (-1, 1, 1))
    @ np.block(
        [
            [np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]]), np.zeros((3, 1))],
            [np.zeros((1, 3)), np.ones((1, 1))],
        ]
    ),
}


@pytest.fixture(params=list(AFFINES))
def turned(request, group_results):
    """Results on a small grid whose axes run along others, and its z map."""
    affine = AFFINES[request.param]
    rng = np.random.default_rng(0)
    mask = rng.random((7, 8, 9)) < 0.6
    z = np.where(mask, rng.normal(size=mask.shape), 0.0)
    image, inside = nib.Nifti1Image(z, affine), nib.Nifti1Image(mask.astype("u1"), affine)
    first = group_results.contrasts[0]
    maps = first.maps | {"z_score": image, "effect_size": nib.Nifti1Image(10 * z, affine)}
    contrast = replace(first, maps=maps, height=0.7)
    return replace(group_results, mask_img=inside, contrasts=(contrast,)), z


@pytest.mark.parametrize("bg_img", [None, "MNI152TEMPLATE"])
def test_values_lie_where_they_lie(turned, bg_img):
    """On any grid: at the place in mm of a voxel of the scene stands the map's value there."""
    results, z = turned
    scene, maps = encode_scene(results, bg_img), encode_contrast(results, 0)
    inside = flags_of(scene["mask"], np.prod(scene["shape"])).reshape(scene["shape"])
    drawn = np.full(scene["shape"], np.nan)
    drawn[inside] = values_of(maps["layers"][0])
    places = np.argwhere(inside) @ np.array(scene["affine"])[:3, :3].T
    places += np.array(scene["affine"])[:3, 3]
    voxels = nib.affines.apply_affine(np.linalg.inv(results.mask_img.affine), places)
    np.testing.assert_allclose(voxels, voxels.round(), atol=1e-5)
    expected = z[tuple(voxels.round().astype(int).T)]
    assert np.abs(drawn[inside] - expected).max() <= maps["layers"][0]["step"]
    assert inside.sum() == np.count_nonzero(z)
    # To the right, to the front, up.
    assert (np.diag(np.array(scene["affine"]))[:3] > 0).all()
    np.testing.assert_allclose(
        np.array(scene["inverse"]) @ np.array(scene["affine"]), np.eye(4), atol=1e-5
    )


def test_a_page_is_told_what_was_asked(group_results):
    """Threshold, sides, start and layers of t and F contrasts."""
    t, f = (encode_contrast(group_results, number) for number in (1, 2))
    assert t["threshold"] == group_results["age"].height
    assert (t["sides"], f["sides"]) == ("both", "positive")
    assert t["start"] == [group_results["age"].highest[axis] for axis in "XYZ"]
    assert [layer["name"] for layer in t["layers"]] == ["z", "effect"]
    assert [layer["name"] for layer in f["layers"]] == ["z", "partial R²"]
    assert [layer["signed"] for layer in f["layers"]] == [False, False]
    beyond = np.abs(values_of(t["layers"][0])) > t["threshold"]
    assert beyond.sum() == group_results["age"].n_beyond


def test_surfaces_come_back_in_parts(surface_results):
    """Points within a hundredth of a millimetre, triangles as they are, values of both parts."""
    scene, maps = encode_scene(surface_results, None), encode_contrast(surface_results, 0)
    values = values_of(maps["layers"][0])
    z = surface_results["mean"].maps["z_score"]
    start, faces = 0, np.empty((0, 3))
    for part in scene["parts"]:
        mesh = surface_results.mask_img.mesh.parts[part["name"]]
        points = values_of(part["points"]).reshape(3, -1).T
        faces = faces_of(part["faces"] or scene["parts"][0]["faces"])
        assert np.abs(points - mesh.coordinates).max() < 0.01
        assert np.array_equal(faces, mesh.faces)
        stop = start + flags_of(part["mask"], part["vertices"]).sum()
        expected = np.asarray(z.data.parts[part["name"]], dtype=float)
        assert np.abs(values[start:stop] - expected).max() <= maps["layers"][0]["step"]
        start = stop
    assert start == len(values)
