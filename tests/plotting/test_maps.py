"""Maps of volumes, as they are seen: colours on their side, cuts, marks, words."""

import warnings

import matplotlib as mpl
import nibabel as nib
import numpy as np
import pytest
from matplotlib import style

from secondlevel.errors import InputError, InputTypeError
from secondlevel.plotting.display import GLASS_MODES, SLICE_MODES
from secondlevel.plotting.maps import plot_map

WAYS = [("slice", mode) for mode in SLICE_MODES] + [("glass", mode) for mode in GLASS_MODES]


@pytest.fixture
def draw(brain):
    """Draw on the small brain, coarsely, which is quick."""

    def plot(image, **how):
        how.setdefault("bg_img", brain)
        figure = plot_map(image, **how)
        figure.set_dpi(60)
        return figure

    return plot


@pytest.fixture
def captions(texts):
    """Return the places of slices that are written, as numbers by axis."""

    def read(figure):
        found = {}
        for text, _ in texts(figure):
            if text.endswith(" mm"):
                axis, place = text.removesuffix(" mm").split(" = ")
                found.setdefault(axis, []).append(float(place.replace("−", "-")))
        return found

    return read


@pytest.mark.parametrize(("plot_type", "mode"), WAYS)
def test_every_way_to_display_a_map_shows_it(
    plot_type, mode, draw, two_sided, pixels, panels, red_and_blue, hold_apart
):
    """Colours are in a panel, a brain in each; no text touches another one or the edge."""
    figure = draw(
        two_sided, threshold=3.09, plot_type=plot_type, display_mode=mode, title="a > b", label="z"
    )
    seen = [pixels(figure, axes) for axes in panels(figure)]
    assert seen
    # The right half of a glass brain has only the trough, which is blue.
    red = mode != "r"
    assert any(red_and_blue(panel)[0 if red else 1].sum() > 20 for panel in seen)
    assert all((panel.max(axis=2) < 0.97).sum() > 50 for panel in seen)
    hold_apart(figure)
    assert figure.get_figwidth() <= 10.0


@pytest.mark.parametrize("mode", ["y", "z"])
def test_left_is_left_and_marked_so(mode, draw, two_sided, pixels, panels, red_and_blue, texts):
    """What lies at negative x is drawn on the side of the L, above each slice."""
    figure = draw(two_sided, threshold=3.09, display_mode=mode, cut_coords=1)
    (axes,) = panels(figure)
    red, blue = red_and_blue(pixels(figure, axes))
    assert np.nonzero(red)[1].max() < np.nonzero(blue)[1].min()
    assert blue.sum() == pytest.approx(red.sum(), rel=0.2)
    marks = {text: box for text, box in texts(figure) if text in {"L", "R"}}
    assert marks["L"].x1 < marks["R"].x0
    assert marks["L"].y0 >= axes.get_window_extent().y1


def test_slices_go_through_the_peak(draw, two_sided, captions):
    """In every mode that has planes they meet in it, and their places are written in mm."""
    at = {"x": [-32.0], "y": [-24.0], "z": [48.0]}
    peak = two_sided.get_fdata().copy()
    peak[5, 10, 14] = 6.0
    image = nib.Nifti1Image(peak, two_sided.affine)
    for mode in ("ortho", "tiled", "yx", "xz", "yz"):
        axes = "xyz" if mode in {"ortho", "tiled"} else mode
        found = captions(draw(image, threshold=3.09, display_mode=mode))
        assert found == {axis: at[axis] for axis in axes}
    rows = captions(draw(image, threshold=3.09, display_mode="mosaic", cut_coords=3))
    assert all(at[axis][0] in rows[axis] for axis in "xyz")


def test_places_that_are_asked_for_are_cut(draw, two_sided, captions):
    """In the order of the axes' names for two of them; the same place only once."""
    assert captions(draw(two_sided, cut_coords=[10, -20.5, 10])) == {"z": [10.0, -20.5]}
    two = captions(draw(two_sided, display_mode="yx", cut_coords=(-30, 12)))
    assert two == {"x": [-30.0], "y": [12.0]}
    places = {"x": [1], "y": [2, 3], "z": [4]}
    mosaic = captions(draw(two_sided, display_mode="mosaic", cut_coords=places))
    assert mosaic == {"x": [1.0], "y": [2.0, 3.0], "z": [4.0]}
    with pytest.raises(InputError, match=r"z = 500 mm lies outside the maps.* to 80 mm"):
        draw(two_sided, cut_coords=[0, 500])


def test_many_slices_go_on_in_another_row(draw, two_sided, captions, hold_apart):
    """Twenty slices are three rows, each as large as if it were alone."""
    one, many = draw(two_sided, cut_coords=7), draw(two_sided, cut_coords=20)
    assert len(captions(many)["z"]) == 20
    assert many.get_figheight() > 2 * one.get_figheight()
    hold_apart(many)


def test_an_effect_is_cut_where_its_outline_is(draw, two_sided, on_grid, captions, pixels, panels):
    """The map of z and that of effects show the same slices; black lines enclose what is beyond."""
    z = two_sided.get_fdata()
    beyond = on_grid(np.where(np.abs(z) > 3.09, z, 0.0))
    effect = on_grid(np.random.default_rng(1).uniform(0.1, 0.3, z.shape))
    lined = draw(effect, outline=beyond)
    assert captions(lined) == captions(draw(beyond, threshold=3.09))

    def dark(figure):
        return sum((pixels(figure, axes).max(axis=2) < 0.4).sum() for axes in panels(figure))

    plain = draw(effect, cut_coords=captions(lined)["z"])
    assert dark(lined) > dark(plain) + 30
    with pytest.raises(InputError, match="outline is drawn on slices"):
        draw(effect, outline=beyond, plot_type="glass")


@pytest.mark.parametrize("plot_type", ["slice", "glass"])
def test_a_threshold_hides_what_is_nearer_to_zero(
    plot_type, draw, two_sided, pixels, panels, red_and_blue
):
    """Of both signs; a value at the threshold is drawn, though its image is of single precision."""

    def colours(threshold, image=two_sided):
        figure = draw(image, threshold=threshold, plot_type=plot_type, display_mode="ortho")
        seen = [red_and_blue(pixels(figure, axes)) for axes in panels(figure)]
        return any(red.any() for red, _ in seen), any(blue.any() for _, blue in seen)

    assert colours(3.09) == (True, True)
    assert colours(5.0) == (True, False)
    assert colours(5.3) == (False, False)
    single = nib.Nifti1Image(two_sided.get_fdata().astype(np.float32), two_sided.affine)
    assert colours(5.2, single) == (True, False)


def test_an_infinite_threshold_hides_nothing(draw, two_sided):
    """Where nothing can be claimed the whole map is shown, without grey in the colour bar."""
    bar = draw(two_sided, threshold=np.inf).axes[-1]
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["−5.2", "0", "5.2"]


def test_one_sign_has_colours_from_zero_on(draw, two_sided, pixels, panels):
    """Other colours than signed maps; values below 0 have the first one, or are hidden."""
    figure = draw(two_sided, symmetric=False, threshold=3.09, display_mode="ortho")
    assert figure.axes[-1].get_ylim() == (0.0, 5.2)
    yellow = [pixels(figure, axes) for axes in panels(figure)]
    assert any(((p[..., 0] > 0.8) & (p[..., 2] < 0.4)).any() for p in yellow)
    purple = [(p[..., 2] - p[..., 1] > 0.25).any() for p in yellow]
    assert not any(purple)
    whole = draw(two_sided, symmetric=False, display_mode="z", cut_coords=[44])
    seen = pixels(whole, panels(whole)[0])
    assert (seen[..., 2] - seen[..., 1] > 0.25).sum() > 20


def test_the_background_can_be_turned_off(two_sided, pixels, panels):
    """With the template there is a grey brain behind; with none, lines around the map on white."""

    def grey(bg_img):
        figure = plot_map(two_sided, threshold=3.09, display_mode="ortho", bg_img=bg_img)
        seen = np.concatenate([pixels(figure, axes).reshape(-1, 3) for axes in panels(figure)])
        plain = np.ptp(seen, axis=1) < 0.02
        return ((seen[:, 0] > 0.3) & (seen[:, 0] < 0.95) & plain).mean()

    assert grey("MNI152TEMPLATE") > 0.3
    assert 0.001 < grey(None) < 0.05


def test_the_mask_bounds_what_is_drawn(draw, two_sided, on_grid, pixels, panels, red_and_blue):
    """What lies outside is not there: no colour, no share in the scale."""
    left = np.zeros(two_sided.shape)
    left[:9] = two_sided.get_fdata()[:9] != 0
    figure = draw(two_sided, mask=on_grid(left), display_mode="z", cut_coords=[44])
    red, blue = red_and_blue(pixels(figure, panels(figure)[0]))
    assert red.any()
    assert not blue.any()
    with pytest.raises(InputError, match="mask must be on the grid of the map"):
        draw(two_sided, mask=nib.Nifti1Image(np.ones((3, 3, 3)), np.eye(4)))


def test_a_map_without_anything_to_see_says_so(draw, on_grid, brain, two_sided, texts, pixels):
    """All 0, or nothing beyond the threshold: words, and a brain or a frame, never white paper."""
    zero = on_grid(np.zeros(brain.shape))
    for plot_type in ("slice", "glass"):
        figure = draw(zero, plot_type=plot_type)
        assert "The map is 0 throughout." in [text for text, _ in texts(figure)]
        below = draw(two_sided, threshold=9.5, plot_type=plot_type)
        assert "No value reaches −9.5 or 9.5." in [text for text, _ in texts(below)]
    bare = draw(zero, bg_img=None, display_mode="ortho")
    framed = [axes for axes in bare.axes if axes.lines]
    assert len(framed) == 3
    assert (pixels(bare, framed[0]).max(axis=2) < 0.9).any()


@pytest.mark.parametrize("mode", ["z", "ortho", "mosaic"])
def test_constant_and_missing_values_are_no_trouble(mode, draw, on_grid, brain, captions):
    """A constant map is cut all over; NaN and infinite values are not drawn, and have no scale."""
    inside = brain.get_fdata() > 0
    constant = captions(draw(on_grid(np.where(inside, 5.0, 0.0)), display_mode=mode))
    assert {axis: len(places) for axis, places in constant.items()} == {
        "z": {"z": 7},
        "ortho": {"x": 1, "y": 1, "z": 1},
        "mosaic": {"x": 7, "y": 7, "z": 7},
    }[mode]
    values = np.where(inside, 2.0, np.nan)
    values[9, 9, 9] = np.inf
    assert draw(on_grid(values), display_mode=mode).axes[-1].get_ylim() == (-2.0, 2.0)


def test_one_value_off_scale_leaves_the_others_their_colours(
    draw, two_sided, on_grid, pixels, panels, red_and_blue
):
    """The scale is that of the others."""
    values = two_sided.get_fdata().copy()
    values[9, 9, 9] = 1e6
    figure = draw(on_grid(values), threshold=3.09, display_mode="z", cut_coords=[44])
    assert figure.axes[-1].get_ylim() == (-5.2, 5.2)
    assert red_and_blue(pixels(figure, panels(figure)[0]))[0].any()


def test_long_words_are_wrapped_where_there_is_room(draw, two_sided, hold_apart, texts):
    """Title and label, on the narrowest figure; signs of mathematics stay as they are."""
    title, label = "$a$ - b_c < d & e " * 12, "standardised effect (Hedges' g) of_a_long_name"
    figure = draw(two_sided, plot_type="glass", display_mode="z", title=title, label=label)
    hold_apart(figure)
    seen = [" ".join(text.split()) for text, _ in texts(figure)]
    assert any(text.startswith("$a$ - b_c < d & e $a$") for text in seen)
    assert label.replace(" ", "") in [text.replace(" ", "") for text in seen]


def test_a_style_for_charts_does_not_reach_maps(draw, two_sided, pixels):
    """White letters of a dark style would be lost on the white paper; the style itself stays."""
    plain = pixels(draw(two_sided, title="a"))
    with style.context("dark_background"):
        dark = draw(two_sided, title="a")
        assert mpl.rcParams["text.color"] == "white"
    np.testing.assert_array_equal(pixels(dark), plain)


def test_a_rotated_map_is_cut_through_its_peak(draw, two_sided):
    """An oblique grid is drawn without a remark of nilearn's."""
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    image = nib.Nifti1Image(two_sided.get_fdata(), turn @ two_sided.affine)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(image, threshold=3.09, display_mode="ortho")


def test_what_cannot_be_drawn_is_refused_in_words(draw, two_sided, tmp_path, make_surface):
    """Each message names the parameter, and says what it must be."""
    four = nib.Nifti1Image(np.zeros((3, 3, 3, 2)), np.eye(4))
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"no image")
    for image, error, words in (
        (four, InputError, r"image must be one volume.*\(3, 3, 3, 2\)"),
        (tmp_path / "none.nii", InputError, "image cannot be read as a volume.*none.nii"),
        (broken, InputError, "image cannot be read as a volume"),
        (np.zeros((3, 3, 3)), InputTypeError, "image must be a volume.*ndarray"),
    ):
        with pytest.raises(error, match=words):
            draw(image)
    for how, error, words in (
        ({"bg_img": tmp_path / "none.nii"}, InputError, "bg_img cannot be read"),
        ({"bg_img": 3}, InputTypeError, "bg_img must be a volume.*int"),
        ({"bg_img": make_surface()}, InputTypeError, "bg_img is a surface image"),
        ({"vmax": 0}, InputError, "vmax must be above 0"),
        ({"threshold": "3"}, None, ""),
        ({"threshold": "high"}, InputTypeError, "threshold must be a number. Got 'high'"),
        ({"threshold": np.nan}, InputError, "threshold must be a number"),
        ({"plot_type": "cube"}, InputError, "'slice', 'glass'"),
        ({"display_mode": "lzr"}, InputError, "'ortho', 'tiled', 'mosaic'"),
        ({"cut_coords": "z"}, InputError, "cut_coords must be a number of slices"),
    ):
        if error is None:
            draw(two_sided, **how)
            continue
        with pytest.raises(error, match=words):
            draw(two_sided, **how)
