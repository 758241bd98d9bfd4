"""Maps of a contrast say in their header what they are, and hold a number everywhere."""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.errors import (
    ConstantDataWarning,
    ContrastError,
    InputError,
    InputTypeError,
    MissingDataWarning,
)
from secondlevel.inference.effect_size import hedges_correction
from secondlevel.inference.noncentral import t_noncentrality
from secondlevel.results.files import save_image
from secondlevel.results.maps import check_output

SHAPE = (3, 4, 5)
N_MAPS = 23
PATIENT = np.repeat([1.0, 0.0], [11, 12])
GROUPS = pd.DataFrame({"control": 1 - PATIENT, "patient": PATIENT})
OUTPUTS = ("z_score", "stat", "p_value", "effect_size", "effect_variance", "log10_p")
LACKING = [(1, 1, 1), (2, 3, 3)]
CONSTANT = (1, 2, 2)
MEASURES = ("cohens_d", "hedges_g", "partial_r", "partial_r2")
BOUNDS = tuple(f"{measure}_{side}" for measure in MEASURES for side in ("lower", "upper"))
EFFECT_SIZES = (*MEASURES, *BOUNDS)
# https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
CORRELATION, T_TEST, F_TEST, Z_SCORE, P_VALUE, ESTIMATE = 2, 3, 4, 5, 22, 1001


@pytest.fixture
def inside():
    """Flags of the mask: all but a face of the grid."""
    flags = np.ones(SHAPE, dtype=bool)
    flags[0] = False
    return flags


@pytest.fixture
def fitted(inside):
    """Fit a table to 23 maps: two voxels of the mask have gaps, and one does not vary."""
    values = np.random.default_rng(30).normal(1, 1, (N_MAPS, *SHAPE))
    values[4][LACKING[0]] = np.nan
    values[7][LACKING[1]] = np.inf
    values[:, *CONSTANT] = 2.0

    def fit(table=GROUPS, **settings):
        maps = [nib.Nifti1Image(volume, np.diag([3.0, 3, 3, 1])) for volume in values]
        mask = nib.Nifti1Image(inside.astype(np.uint8), maps[0].affine)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingDataWarning)
            warnings.simplefilter("ignore", ConstantDataWarning)
            return SecondLevelModel(mask, **settings).fit(maps, design_matrix=table)

    return fit


def description_of(image):
    """What an image says it is."""
    return bytes(image.header["descrip"].item()).decode("ascii")


# ------------------------------------------------------------------ headers


@pytest.mark.parametrize("output_type", OUTPUTS)
def test_the_description_begins_with_the_test(fitted, output_type):
    """Test and degrees of freedom, then the output, then the contrast."""
    model = fitted()
    t = model.compute_contrast("patient - control", output_type=output_type)
    assert description_of(t) == f"t(21) {output_type} of contrast patient - control"
    f = model.compute_contrast(["patient", "control"], output_type=output_type)
    assert description_of(f) == f"F(2, 21) {output_type} of contrast patient, control"
    one = model.compute_contrast("patient", second_level_stat_type="F", output_type=output_type)
    assert description_of(one) == f"F(1, 21) {output_type} of contrast patient"


def test_a_long_name_of_a_contrast_is_what_is_cut(fitted):
    """The header has room for 79 bytes; the test stands first and stays."""
    name = "patients_" * 20
    text = f"t(21) z_score of contrast {name}"
    image = fitted(GROUPS.rename(columns={"patient": name})).compute_contrast(name)
    assert description_of(image) == text[:79]
    f = fitted(GROUPS.rename(columns={"patient": name})).compute_contrast([name, "control"])
    assert description_of(f) == f"F(2, 21) z_score of contrast {name}"[:79]


def test_letters_beyond_ascii_become_question_marks(fitted):
    """The header holds ASCII; every other letter is one question mark, before the cut."""
    image = fitted(GROUPS.rename(columns={"patient": "größe"})).compute_contrast("größe")
    assert description_of(image) == "t(21) z_score of contrast gr??e"
    name = "ü" * 90
    image = fitted(GROUPS.rename(columns={"patient": name})).compute_contrast(name)
    assert description_of(image) == "t(21) z_score of contrast " + "?" * 53


@pytest.mark.parametrize(
    ("contrast", "output_type", "code", "parameters"),
    [
        pytest.param("patient", "stat", T_TEST, (21,), id="t"),
        pytest.param(["patient", "control"], "stat", F_TEST, (2, 21), id="F"),
        pytest.param("patient", "z_score", Z_SCORE, (), id="z of t"),
        pytest.param(["patient", "control"], "z_score", Z_SCORE, (), id="z of F"),
        pytest.param("patient", "p_value", P_VALUE, (), id="p of t"),
        pytest.param(["patient", "control"], "p_value", P_VALUE, (), id="p of F"),
        pytest.param("patient", "effect_size", ESTIMATE, (), id="effect"),
        pytest.param("patient", "effect_variance", ESTIMATE, (), id="variance"),
    ],
)
def test_headers_hold_intent_and_degrees_of_freedom(
    fitted, tmp_path, contrast, output_type, code, parameters
):
    """Other programs read there which statistic an image holds; a saved image says the same."""
    image = fitted().compute_contrast(contrast, output_type=output_type)
    for found in (image, nib.load(save_image(image, tmp_path / "map.nii.gz"))):
        header = found.header
        assert header["intent_code"] == code
        numbers = [float(header[f"intent_p{i}"]) for i in (1, 2, 3)]
        assert numbers == [*parameters, 0, 0, 0][:3]
        assert header.get_intent()[1] == parameters
        assert description_of(found) == description_of(image)


def test_all_outputs_at_once_have_the_headers_of_single_ones(fitted):
    """With ``output_type="all"`` every image is described as when asked for alone."""
    model = fitted()
    for name, image in model.compute_contrast("patient", output_type="all").items():
        alone = model.compute_contrast("patient", output_type=name)
        assert description_of(image) == description_of(alone)
        assert image.header.get_intent() == alone.header.get_intent()
        np.testing.assert_array_equal(image.get_fdata(), alone.get_fdata())


# ------------------------------------------------------------------ what was left out


@pytest.mark.parametrize("contrast", ["patient", "patient - control", ["patient", "control"]])
def test_p_is_1_where_the_mask_has_an_element_that_was_left_out(fitted, inside, contrast):
    """Nothing was tested there, so nothing looks significant; outside the mask p is 0."""
    p = fitted().compute_contrast(contrast, output_type="p_value").get_fdata()
    assert [p[voxel] for voxel in LACKING] == [1.0, 1.0]
    assert p[CONSTANT] == 1.0
    np.testing.assert_array_equal(p[~inside], 0.0)
    tested = inside.copy()
    for voxel in (*LACKING, CONSTANT):
        tested[voxel] = False
    assert ((p[tested] > 0) & (p[tested] < 1)).all()


@pytest.mark.parametrize("output_type", [name for name in OUTPUTS if name != "p_value"])
@pytest.mark.parametrize("contrast", ["patient", ["patient", "control"]])
def test_all_other_outputs_are_0_where_an_element_was_left_out(
    fitted, inside, contrast, output_type
):
    """Statistic, effect, variance and log p are 0 at elements left out as outside the mask."""
    values = fitted().compute_contrast(contrast, output_type=output_type).get_fdata()
    for voxel in LACKING:
        np.testing.assert_array_equal(values[voxel], 0.0)
    np.testing.assert_array_equal(values[~inside], 0.0)


def test_the_elements_tested_keep_their_p_where_others_are_left_out(fitted, inside):
    """Putting 1 where nothing was tested moves no other value to another voxel."""
    model = fitted()
    p = model.compute_contrast("patient", output_type="p_value").get_fdata()
    log10_p = model.compute_contrast("patient", output_type="log10_p").get_fdata()
    # Worst seen: 3e-15.
    np.testing.assert_allclose(p[inside], 10 ** log10_p[inside], rtol=1e-12)


def test_p_is_1_at_vertices_that_were_left_out(make_surface, ones):
    """A mesh is treated as a volume is."""
    images = make_surface(3, samples=9)
    images.data.parts["left"][4, 2] = np.nan
    with pytest.warns(MissingDataWarning, match="1 of 24"):
        model = SecondLevelModel().fit(images, design_matrix=ones(9))
    p = model.compute_contrast(output_type="p_value").data.parts
    assert p["left"][4] == 1.0
    stat = model.compute_contrast(output_type="stat").data.parts
    assert stat["left"][4] == 0.0
    others = np.concatenate([np.delete(p["left"], 4), p["right"]])
    assert ((others > 0) & (others < 1)).all()


@pytest.mark.parametrize("missing", ["exclude", "zero"])
@pytest.mark.parametrize("contrast", ["patient", "patient - control", ["patient", "control"]])
def test_images_hold_neither_nan_nor_infinity(fitted, tmp_path, contrast, missing):
    """Every output is a number everywhere, gaps or none, before and after it is saved."""
    model = fitted(missing=missing, minimize_memory=False)
    images = {name: model.compute_contrast(contrast, output_type=name) for name in OUTPUTS} | {
        "residuals": model.residuals_,
        "predicted": model.predicted_,
        "r2": model.r_square_,
    }
    for name, image in images.items():
        assert np.isfinite(image.get_fdata()).all(), name
        saved = nib.load(save_image(image, tmp_path / f"{name}.nii.gz"))
        assert np.isfinite(saved.get_fdata()).all(), name


# ------------------------------------------------------------------ effect sizes


@pytest.mark.parametrize("measure", MEASURES)
def test_bounds_say_their_confidence(fitted, measure):
    """An effect size is described as other outputs are, and its bounds with their confidence."""
    model = fitted()
    image = model.compute_contrast("patient", output_type=measure)
    assert description_of(image) == f"t(21) {measure} of contrast patient"
    for side in ("lower", "upper"):
        name = f"{measure}_{side}"
        image = model.compute_contrast("patient", output_type=name)
        assert description_of(image) == f"t(21) {name} (95% confidence) of contrast patient"
        image = model.compute_contrast("patient", output_type=name, confidence=0.9999)
        assert description_of(image) == f"t(21) {name} (99.99% confidence) of contrast patient"
        assert image.header["intent_code"] == ESTIMATE
    f = model.compute_contrast(["patient", "control"], output_type="partial_r2_upper")
    name = "F(2, 21) partial_r2_upper (95% confidence) of contrast patient, control"
    assert description_of(f) == name


def test_a_partial_correlation_is_marked_as_one(fitted):
    """NIfTI has an intent for correlations, which holds the degrees of freedom."""
    header = fitted().compute_contrast("patient", output_type="partial_r").header
    assert header["intent_code"] == CORRELATION
    assert header.get_intent()[1] == (21,)
    header = fitted().compute_contrast("patient", output_type="cohens_d").header
    assert header["intent_code"] == ESTIMATE


def test_effect_sizes_are_functions_of_the_other_maps(fitted, inside):
    """Cohen's d of two groups is t √(1/11 + 1/12), and its bounds are those of t, so scaled."""
    model = fitted()
    for voxel in (*LACKING, CONSTANT):
        inside[voxel] = False

    def ask(output_type, **settings):
        image = model.compute_contrast("patient - control", output_type=output_type, **settings)
        return image.get_fdata()[inside]

    t, root_h = ask("stat"), np.sqrt(1 / 11 + 1 / 12)
    lower = t_noncentrality(t, 21, 0.05)
    j = hedges_correction(21)
    # Seen: 4e-15.
    np.testing.assert_allclose(ask("cohens_d"), t * root_h, rtol=1e-12)
    np.testing.assert_allclose(ask("cohens_d_lower", confidence=0.9), lower * root_h, rtol=1e-10)
    np.testing.assert_allclose(
        ask("hedges_g_lower", confidence=0.9), j * lower * root_h, rtol=1e-10
    )
    r = lower / np.sqrt(lower**2 + 21)
    np.testing.assert_allclose(ask("partial_r_lower", confidence=0.9), r, rtol=1e-10)
    ends = np.array([lower, t_noncentrality(t, 21, 0.05, upper=True)])
    squares = (ends / np.sqrt(ends**2 + 21)) ** 2
    nearer = np.where(ends[0] * ends[1] < 0, 0.0, squares.min(axis=0))
    np.testing.assert_allclose(
        ask("partial_r2_upper", confidence=0.9), squares.max(axis=0), rtol=1e-10
    )
    np.testing.assert_allclose(ask("partial_r2_lower", confidence=0.9), nearer, rtol=1e-10)


@pytest.mark.parametrize("output_type", EFFECT_SIZES)
def test_effect_sizes_are_0_where_nothing_was_estimated(fitted, inside, output_type):
    """At elements left out, constant, or outside of the mask; numbers everywhere else."""
    model = fitted()
    contrasts = ["patient"] if "r2" not in output_type else ["patient", ["patient", "control"]]
    for contrast in contrasts:
        values = model.compute_contrast(contrast, output_type=output_type).get_fdata()
        for voxel in (*LACKING, CONSTANT):
            assert values[voxel] == 0.0
        np.testing.assert_array_equal(values[~inside], 0.0)
        assert np.isfinite(values).all()
        if output_type != "partial_r2_lower":
            assert (values != 0).sum() == inside.sum() - 3


def test_effect_sizes_are_not_among_all(fitted):
    """``output_type="all"`` is nilearn's five, in its order."""
    images = fitted().compute_contrast("patient", output_type="all")
    assert list(images) == ["z_score", "stat", "p_value", "effect_size", "effect_variance"]


@pytest.mark.parametrize("output_type", [name for name in EFFECT_SIZES if "r2" not in name])
def test_an_f_contrast_has_no_d_g_or_r(fitted, output_type):
    """Of one row or of several: the message says what to ask for."""
    model = fitted()
    for ask in (
        {"second_level_contrast": ["patient", "control"]},
        {"second_level_contrast": "patient", "second_level_stat_type": "F"},
    ):
        with pytest.raises(ContrastError, match=r"needs a t contrast.* Use 'partial_r2'"):
            model.compute_contrast(**ask, output_type=output_type)


def test_t_and_f_of_one_row_have_the_same_r2(fitted):
    """F is t² there, and so is all that follows from it."""
    model = fitted()
    for name in ("partial_r2", "partial_r2_lower", "partial_r2_upper"):
        t, f = (
            model.compute_contrast("patient", second_level_stat_type=kind, output_type=name)
            for kind in ("t", "F")
        )
        # Seen: 2e-15.
        np.testing.assert_allclose(t.get_fdata(), f.get_fdata(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("output_type", ["cohens_d_lower", "z_score", "all"])
def test_a_confidence_in_percent_is_refused_whatever_is_asked(fitted, output_type):
    """The message says what was meant."""
    model = fitted()
    with pytest.raises(InputError, match=r"'confidence' .* 95 percent is 0\.95\. Got 95\."):
        model.compute_contrast("patient", output_type=output_type, confidence=95)
    with pytest.raises(InputTypeError, match=r"'confidence' .* Got '95%'\."):
        model.compute_contrast("patient", output_type=output_type, confidence="95%")


def test_an_unknown_output_is_told_which_there_are(fitted):
    """Effect sizes and their bounds are in the list."""
    with pytest.raises(InputError, match="'output_type' must be one of") as caught:
        fitted().compute_contrast("patient", output_type="cohen")
    assert all(name in str(caught.value) for name in (*OUTPUTS, *EFFECT_SIZES, "all"))


@pytest.mark.parametrize("kind", ["t", "F"])
def test_an_output_is_checked_in_one_place(kind):
    """Its name must be one there is, and one that this kind of contrast has."""
    for output_type in (*OUTPUTS, "partial_r2", "all"):
        check_output(output_type, kind)
    for output_type in ("cohen", "", None, []):
        with pytest.raises(
            InputError, match=r"'output_type' must be one of z_score, .*, all\. Got"
        ):
            check_output(output_type, kind)
    if kind == "F":
        with pytest.raises(ContrastError, match="cohens_d"):
            check_output("cohens_d_lower", kind)


def test_effect_sizes_of_a_surface(make_surface, ones):
    """A mesh has them as a volume has, vertex by vertex."""
    images = make_surface(3, samples=9)
    model = SecondLevelModel().fit(images, design_matrix=ones(9))
    for hemisphere, data in images.data.parts.items():

        def ask(output_type, part=hemisphere):
            return model.compute_contrast(output_type=output_type).data.parts[part].ravel()

        d = data.mean(axis=1) / data.std(axis=1, ddof=1)
        np.testing.assert_allclose(ask("cohens_d"), d, rtol=1e-12)  # seen: 2e-14
        lower = t_noncentrality(3.0 * d, 8, 0.025) / 3.0
        np.testing.assert_allclose(ask("cohens_d_lower"), lower, rtol=1e-10)  # seen: 5e-15
        assert (ask("partial_r2_lower") <= ask("partial_r2_upper")).all()
