"""Maps on surfaces, seen from both sides of each part."""

import numpy as np
import pytest
from nilearn.datasets import load_fsaverage
from nilearn.surface import PolyMesh, SurfaceImage

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.maps import plot_map


@pytest.fixture(scope="module")
def fsaverage5():
    """The mesh that comes with nilearn."""
    return load_fsaverage("fsaverage5")["pial"]


@pytest.fixture(scope="module")
def one_sided(fsaverage5):
    """A map that is 5 around one vertex of the left outside, and -4 around one of the right."""
    parts = {}
    for name, side, value in (("left", -1, 5.0), ("right", 1, -4.0)):
        points = fsaverage5.parts[name].coordinates
        outermost = points[(side * points[:, 0]).argmax()]
        near = np.linalg.norm(points - outermost, axis=1) < 18
        parts[name] = np.where(near, value, 0.0)
    return SurfaceImage(fsaverage5, parts)


@pytest.fixture
def views(pixels):
    """Return the pixels of the panels, without the lines below them, coarsely.

    They are left lateral, left medial, right medial, right lateral.
    """

    def look(figure):
        figure.set_dpi(40)
        above = slice(None, -round(0.2 * 40))
        return [pixels(figure, axes)[:-1][above] for axes in figure.axes[:-1]]

    return look


def test_each_part_is_seen_from_both_sides(one_sided, views, red_and_blue, texts, hold_apart):
    """What lies outside on the left is red in its lateral view alone; likewise on the right."""
    figure = plot_map(one_sided, threshold=3.09, title="a > b", label="z")
    seen = [red_and_blue(view) for view in views(figure)]
    assert [red.sum() > 30 for red, _ in seen] == [True, False, False, False]
    assert [blue.sum() > 30 for _, blue in seen] == [False, False, False, True]
    named = [text for text, _ in texts(figure)]
    assert [text for text in named if "," in text] == [
        "left, lateral",
        "left, medial",
        "right, medial",
        "right, lateral",
    ]
    hold_apart(figure)


def test_no_view_is_cut_off(one_sided, views):
    """There is white around every view."""
    for view in views(plot_map(one_sided, bg_img=None)):
        ink = view.max(axis=2) < 0.97
        assert ink.mean() > 0.15
        assert not ink[:, 0].any()
        assert not ink[:, -1].any()
        assert not ink[0].any()
        assert ink[len(ink) // 2].mean() > 0.6


def test_sulci_are_the_background_or_nothing_is(one_sided, views):
    """By default light and dark greys on this mesh; without a background one even grey."""

    def greys(bg_img):
        medial = views(plot_map(one_sided, threshold=3.09, bg_img=bg_img))[1]
        ink = medial[medial.max(axis=2) < 0.97]
        return ink.std()

    assert greys("MNI152TEMPLATE") > 0.05
    assert greys(None) < 0.02
    mesh = one_sided.mesh
    stripes = {name: np.sin(part.coordinates[:, 1] / 5) for name, part in mesh.parts.items()}
    assert greys(SurfaceImage(mesh, stripes)) > 0.2


def test_a_mesh_in_memory_stays_where_it_is(make_surface, mesh):
    """Drawing changes nothing of what is drawn, though nilearn centres what it is handed."""
    image = make_surface(value=2.0)
    before = {name: part.coordinates.copy() for name, part in mesh.parts.items()}
    plot_map(image, threshold=1.0)
    for name, part in image.mesh.parts.items():
        np.testing.assert_array_equal(part.coordinates, before[name])
        np.testing.assert_array_equal(image.data.parts[name], 2.0)


def test_a_single_vertex_can_be_seen(one_sided, views, red_and_blue):
    """Its triangles are coloured, with its own value, not one mixed with the 0 around it."""
    parts = {name: np.zeros_like(values) for name, values in one_sided.data.parts.items()}
    points = one_sided.mesh.parts["left"].coordinates
    parts["left"][points[:, 0].argmin()] = 5.0
    figure = plot_map(SurfaceImage(one_sided.mesh, parts), threshold=4.0, bg_img=None)
    red, _ = red_and_blue(views(figure)[0])
    assert red.any()


def test_a_small_mesh_of_one_part_is_drawn(make_surface, mesh, texts, views):
    """Any mesh will do; missing values are not drawn, a map of zeros says so."""
    left = PolyMesh(left=mesh.parts["left"])
    values = np.array([np.nan, np.inf, 4.0, -2.0, *[1.0] * 8])
    figure = plot_map(SurfaceImage(left, {"left": values}))
    assert figure.axes[-1].get_ylim() == (-4.0, 4.0)
    assert len(views(figure)) == 2
    zero = plot_map(make_surface(value=0.0))
    assert "The map is 0 throughout." in [text for text, _ in texts(zero)]


def test_the_mask_bounds_a_surface_too(make_surface):
    """What lies outside has no share in the scale; a mask of another mesh is refused."""
    image, mask = make_surface(value=2.0), make_surface(value=1.0)
    image.data.parts["right"][:] = 9.0
    mask.data.parts["right"][:] = 0.0
    assert plot_map(image, mask=mask).axes[-1].get_ylim() == (-2.0, 2.0)
    with pytest.raises(InputError, match="mask must be a surface image on the mesh"):
        plot_map(image, mask=np.ones(3))


def test_what_only_volumes_have_is_refused(make_surface, one_sided, brain):
    """Glass brains, cuts, outlines, volumes as a background; a background on another mesh."""
    image = make_surface()
    for how in ({"plot_type": "glass"}, {"display_mode": "z"}, {"cut_coords": 3}):
        with pytest.raises(InputError, match="Maps on surfaces are drawn from both sides"):
            plot_map(image, **how)
    with pytest.raises(InputError, match="outline is drawn on slices of volumes"):
        plot_map(image, outline=image)
    with pytest.raises(InputTypeError, match=r"maps lie on surfaces.*Got Nifti1Image"):
        plot_map(image, bg_img=brain)
    with pytest.raises(InputTypeError, match=r"Got 'sulci'"):
        plot_map(image, bg_img="sulci")
    with pytest.raises(InputError, match="each of the 12 vertices of 'left'"):
        plot_map(image, bg_img=one_sided)
