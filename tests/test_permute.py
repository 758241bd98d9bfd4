"""`SecondLevelModel.permute`: what `fit` knows is used, and the numbers are those of the arrays."""

import itertools
import re
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from secondlevel import ClusterSummary, SecondLevelModel, TFCESummary, permutation_test
from secondlevel.errors import ContrastError, InputError, InputTypeError, MissingDataWarning
from secondlevel.streaming.reader import VolumeReader

EVERYTHING = {"summaries": (ClusterSummary(z=0.8), TFCESummary()), "uncorrected": True}


def values_of(image):
    """Numbers of a volume or surface image, in one row."""
    if hasattr(image, "mesh"):
        return np.concatenate([np.ravel(part) for part in image.data.parts.values()])
    return image.get_fdata().ravel()


def assert_same(found, expected):
    """Assert that two runs have the same images, to the bit."""
    assert found.keys() == expected.keys()
    for key, image in found.images().items():
        np.testing.assert_array_equal(values_of(image), values_of(expected.image(key)), err_msg=key)


@pytest.fixture
def readings(monkeypatch):
    """Names of the maps whose voxels are read, as they are."""
    names = []
    read = VolumeReader.read

    def noted(self, source):
        names.append(source.name)
        return read(self, source)

    monkeypatch.setattr(VolumeReader, "read", noted)
    return names


# ---------------------------------------------------------------- the numbers


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_kept_maps_and_maps_read_again_give_the_same_numbers(
    kind, paths, mask_img, make_surface, design
):
    """With `minimize_memory` either way every image is the same to the bit."""
    given = paths if kind == "volume" else [make_surface(seed) for seed in range(7)]
    mask = mask_img if kind == "volume" else None
    runs = [
        SecondLevelModel(mask, minimize_memory=minimize)
        .fit(given, design_matrix=design)
        .permute("age", n_perm=100, random_state=0, sides="both", **EVERYTHING)
        for minimize in (True, False)
    ]
    assert_same(*runs)
    assert values_of(runs[0].image("size")).max() > 1


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_a_model_is_asked_as_arrays_are(kind, paths, mask_img, make_surface, design):
    """The result is `permutation_test`'s of the masked maps, the design and the neighbours."""
    given = paths if kind == "volume" else [make_surface(seed) for seed in range(7)]
    mask = mask_img if kind == "volume" else None
    model = SecondLevelModel(mask)
    data = model.fit_transform(given, design_matrix=design)
    extent = 0.5 if kind == "volume" else 1.0
    asked = {"n_perm": 60, "random_state": 1, "uncorrected": True}
    found = model.permute(
        "age", summaries=[ClusterSummary(z=0.8), TFCESummary()], connectivity=18, **asked
    ).result[0]
    expected = permutation_test(
        data,
        design,
        "age",
        graph=model._study.analysed.graph(18),
        summaries=[ClusterSummary(z=0.8), TFCESummary(E=extent)],
        **asked,
    )[0]
    assert set(found.summaries) == set(expected.summaries) == {"max", "size", "mass", "tfce"}
    for name, summary in expected.summaries.items():
        ours = found.summaries[name]
        # Worst seen: 1.6e-14: the model's estimate is merged from parts.
        np.testing.assert_allclose(ours.observed, summary.observed, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(ours.maxima, summary.maxima, rtol=1e-11)
        np.testing.assert_array_equal(ours.p, summary.p)
    np.testing.assert_array_equal(
        found.summaries["max"].p_uncorrected, expected.summaries["max"].p_uncorrected
    )


def test_a_model_can_be_handed_to_permutation_test(paths, mask_img, design):
    """`permutation_test(model)` is `model.permute`, as arrays."""
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    asked = {"n_perm": 50, "random_state": 2}
    expected = model.permute("age", **asked).result
    found = permutation_test(model, contrast="age", **asked)
    np.testing.assert_array_equal(found[0].p, expected[0].p)


def exact_p(data, ages, t):
    """One-sided family-wise p of a slope by all permutations of seven ages, by correlations."""
    x = np.array(list(itertools.permutations(ages))) - np.mean(ages)
    y = data - data.mean(axis=0)
    r = x @ y / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(y, axis=0)
    maxima = (r * np.sqrt(5.0 / (1.0 - r**2))).max(axis=1)
    return (maxima[:, None] >= t - 1e-9 * np.abs(t)).mean(axis=0)


def test_p_is_the_share_of_all_permutations(images, mask_img, design, expected_t):
    """For seven maps all 5 040 orders are done, and p is what a plain loop counts."""
    inside = mask_img.get_fdata() > 0
    data = np.array([image.get_fdata()[inside] for image in images])
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    found = model.permute("age", n_perm=10_000)
    assert found.result.n_shuffles == 5040
    assert found.result.exhaustive
    p = 10.0 ** -found.image().get_fdata()[inside]
    expected = exact_p(data, design["age"].to_numpy(), expected_t)
    # Worst seen: 2.9e-14 of a count.
    np.testing.assert_allclose(p * 5040, expected * 5040, rtol=0, atol=1e-9)


# ---------------------------------------------------------------- missing data


@pytest.fixture
def gaps(images, mask_img):
    """The seven images, three of which have no value somewhere in the mask."""
    inside = np.argwhere(mask_img.get_fdata() > 0)
    holed = [image.get_fdata().copy() for image in images]
    for m, value, voxel in ((1, np.nan, 40), (1, np.inf, 90), (4, np.nan, 40), (6, -np.inf, 150)):
        holed[m][tuple(inside[voxel])] = value
    where = np.zeros(mask_img.shape, dtype=bool)
    where[tuple(inside[[40, 90, 150]].T)] = True
    return [nib.Nifti1Image(volume, mask_img.affine) for volume in holed], where


@pytest.mark.parametrize("minimize_memory", [True, False])
def test_elements_that_a_map_lacks_are_left_out(gaps, mask_img, design, minimize_memory):
    """There p is 1 and the statistic 0; elsewhere all is as with a mask without them."""
    maps, missing = gaps
    asked = {"n_perm": 80, "random_state": 3, **EVERYTHING}
    model = SecondLevelModel(mask_img, minimize_memory=minimize_memory)
    with pytest.warns(MissingDataWarning, match="3 of "):
        model.fit(maps, design_matrix=design)
    found = model.permute("age", **asked)
    rest = (mask_img.get_fdata() > 0) & ~missing
    smaller = nib.Nifti1Image(rest.astype(np.uint8), mask_img.affine)
    expected = SecondLevelModel(smaller).fit(maps, design_matrix=design).permute("age", **asked)
    assert_same(found, expected)
    for image in found.images().values():
        assert not image.get_fdata()[missing].any()
        assert np.isfinite(image.get_fdata()).all()


@pytest.mark.parametrize("minimize_memory", [True, False])
def test_missing_values_may_count_as_0(gaps, mask_img, design, minimize_memory):
    """With ``missing="zero"`` all is as of maps with 0 there."""
    maps, _ = gaps
    asked = {"n_perm": 80, "random_state": 3, **EVERYTHING}
    filled = [
        nib.Nifti1Image(np.nan_to_num(m.get_fdata(), posinf=0, neginf=0), m.affine) for m in maps
    ]
    model = SecondLevelModel(mask_img, missing="zero", minimize_memory=minimize_memory)
    found = model.fit(maps, design_matrix=design).permute("age", **asked)
    expected = SecondLevelModel(mask_img).fit(filled, design_matrix=design).permute("age", **asked)
    assert_same(found, expected)


# ---------------------------------------------------------------- which maps


@pytest.fixture
def two_kinds(table, images, save_maps, make_image):
    """A table with faces and, for the same subjects, houses."""
    houses = save_maps([make_image(seed + 50) for seed in range(7)], name="house")
    other = table.assign(map_name="houses", effects_map_path=[str(path) for path in houses])
    return pd.concat([table, other], ignore_index=True), houses


def test_each_kind_of_maps_is_asked_for_by_name(two_kinds, paths, mask_img, design):
    """With several map names each gives what a model of these maps alone gives."""
    table, houses = two_kinds
    model = SecondLevelModel(mask_img).fit(table, design_matrix=design)
    asked = {"n_perm": 40, "random_state": 4, "sides": "both"}
    for name, files in (("faces", paths), ("houses", houses), ("faces", paths)):
        alone = SecondLevelModel(mask_img).fit(files, design_matrix=design)
        assert_same(model.permute("age", name, **asked), alone.permute("age", **asked))
    with pytest.raises(InputError, match=r"faces.*houses"):
        model.permute("age", **asked)


def test_contrasts_of_first_level_models_are_permuted(make_first_level, mask_img):
    """Their effects are computed when they are asked for, and permuted like maps."""
    models = [make_first_level(seed) for seed in range(5)]
    design = pd.DataFrame({"mean": [1.0] * 5})
    second = SecondLevelModel(mask_img).fit(models, design_matrix=design)
    found = second.permute("mean", "task", n_perm=32)
    maps = [m.compute_contrast("task", output_type="effect_size") for m in models]
    alone = SecondLevelModel(mask_img).fit(maps, design_matrix=design)
    assert_same(found, alone.permute("mean", n_perm=32))


def test_a_second_fit_forgets_the_maps_of_the_first(images, make_image, mask_img, design):
    """After another fit other maps are permuted, and an unfitted model has none."""
    others = [make_image(seed + 90) for seed in range(7)]
    asked = {"n_perm": 30, "random_state": 5}
    model = SecondLevelModel(mask_img, minimize_memory=False)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.permute("age", **asked)
    first = model.fit(images, design_matrix=design).permute("age", **asked)
    second = model.fit(others, design_matrix=design).permute("age", **asked)
    assert np.abs(values_of(first.image("t")) - values_of(second.image("t"))).max() > 1
    fresh = SecondLevelModel(mask_img).fit(others, design_matrix=design)
    assert_same(second, fresh.permute("age", **asked))
    with pytest.raises(InputTypeError):
        model.fit(None)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.permute("age")


# ---------------------------------------------------------------- what is asked


def test_the_test_is_chosen_as_in_compute_contrast(images, mask_img, design):
    """`second_level_stat_type`, third as there, or `stat_type`: F of one row is t²."""
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    asked = {"n_perm": 30, "random_state": 6}
    f = model.permute("age", None, "F", **asked)
    assert f.keys() == ("F", "z", "logp_max_F")
    t = values_of(model.permute("age", **asked).image("t"))
    # Worst seen: 1.4e-13.
    np.testing.assert_allclose(values_of(f.image("F")), t**2, rtol=1e-12)
    assert_same(model.permute("age", stat_type="F", **asked), f)
    with pytest.raises(InputTypeError, match="they are the same"):
        model.permute("age", None, "F", stat_type="F", **asked)


METHODS = ["freedman-lane", "ter-braak", "manly", "still-white", "dekker", "draper-stoneman"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", ["z", "stat"])
def test_f_of_one_row_is_the_two_sided_test(images, mask_img, design, scale, method):
    """F looks at neither side: p is that of |t|, also where rows are redundant."""
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    asked = {"n_perm": 60, "random_state": 6, "uncorrected": True, "scale": scale}
    asked["method"] = method
    expected = model.permute("age", sides="both", **asked).images()
    assert values_of(expected["logp_max_t"])[values_of(expected["t"]) < 0].max() > 0
    for f in (model.permute("age", None, "F", **asked), model.permute(["age", "2*age"], **asked)):
        for kind in ("max", "unc", "fdr"):
            np.testing.assert_array_equal(
                values_of(f.image(f"logp_{kind}_F")), values_of(expected[f"logp_{kind}_t"])
            )


def test_labelled_contrasts_are_aligned_with_the_columns(images, mask_img, design):
    """A Series in another order weighs the same columns, alone or in a dict."""
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    asked = {"n_perm": 20, "random_state": 7}
    expected = model.permute("age + 3*intercept", errors="both", **asked)
    weights = pd.Series({"intercept": 3.0, "age": 1.0})
    assert_same(model.permute(weights, errors="both", **asked), expected)
    assert_same(model.permute({"sum": weights}, errors="both", **asked), expected)


def test_several_contrasts_are_corrected_together(images, mask_img, design):
    """A shuffle counts by the largest of all contrasts: two opposite ones are a two-sided test."""
    model = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    found = model.permute({"older": "age", "younger": "-age"}, n_perm=6000)
    both = model.permute("age", n_perm=6000, sides="both")
    for name, sign in (("older", 1), ("younger", -1)):
        t = values_of(found.image("t", name))
        np.testing.assert_array_equal(t, sign * values_of(both.image("t")))
        p = 10.0 ** -values_of(found.image(contrast=name))
        two_sided = 10.0 ** -values_of(both.image())
        np.testing.assert_allclose(p[t > 0], two_sided[t > 0], rtol=1e-12)


@pytest.mark.parametrize("n_jobs", [2, -1, None])
def test_the_threads_of_the_model_are_used_and_change_nothing(images, mask_img, design, n_jobs):
    """`n_jobs` of the model, or that of the call before it, give the numbers of one thread."""
    asked = {"n_perm": 90, "random_state": 8, "sides": "both", **EVERYTHING}
    one = SecondLevelModel(mask_img).fit(images, design_matrix=design)
    many = SecondLevelModel(mask_img, n_jobs=n_jobs).fit(images, design_matrix=design)
    expected = one.permute("age", **asked)
    assert_same(many.permute("age", **asked), expected)
    assert_same(one.permute("age", n_jobs=n_jobs, batch_size=7, **asked), expected)


# ---------------------------------------------------------------- what it costs


def test_maps_are_read_once_more_or_not_at_all(paths, mask_img, design, readings):
    """A frugal model reads each file once for `permute`; one that keeps maps reads none."""
    asked = {"n_perm": 10, "random_state": 9}
    frugal = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    assert len(readings) == 7
    del readings[:]
    frugal.permute("age", **asked)
    assert readings == [f"'{path}'" for path in paths]
    keeping = SecondLevelModel(mask_img, minimize_memory=False).fit(paths, design_matrix=design)
    del readings[:]
    keeping.permute("age", **asked)
    keeping.permute({"age": "age", "mean": "intercept"}, errors="both", **asked)
    assert readings == []


WRONG = [
    ("weight", {}, ContrastError, "'weight' is not defined"),
    (None, {}, ContrastError, "design has several columns: age, intercept"),
    ("age", {"connectivity": 7}, InputError, "6 (faces), 18 (and edges) or 26"),
    ("age", {"n_perm": 0}, InputError, "n_perm must be a whole number from 1 on"),
    ("age", {"number": 3}, InputTypeError, "permute has no keyword number"),
    ("age", {"sides": "left"}, InputError, "sides must be one of 'positive'"),
    ("age", {"scale": "p"}, InputError, "scale must be one of 'stat', 'z'"),
    ("age", {"summaries": [1]}, InputError, "at most one ClusterSummary and one TFCESummary"),
    ("age", {"exchangeability_blocks": "subject"}, InputError, "a column `subject_label`"),
    ("age", {"exchangeability_blocks": "subjects"}, InputError, "Got 'subjects'"),
]


@pytest.mark.parametrize(("contrast", "keywords", "error", "message"), WRONG)
def test_what_cannot_be_is_told_before_maps_are_read(
    paths, mask_img, design, readings, contrast, keywords, error, message
):
    """A wrong name costs no reading; the message says what is wrong, and what there is."""
    model = SecondLevelModel(mask_img).fit(paths, design_matrix=design)
    del readings[:]
    with pytest.raises(error, match=re.escape(message)):
        model.permute(contrast, **keywords)
    assert readings == []


@pytest.mark.parametrize("verbose", [0, 1])
def test_shuffles_are_shown_when_asked_for(paths, mask_img, design, capsys, verbose):
    """With ``verbose=1`` a bar on stderr counts shuffles up to all of them; else nothing shows."""
    model = SecondLevelModel(mask_img, verbose=verbose).fit(paths, design_matrix=design)
    capsys.readouterr()
    model.permute("age", n_perm=300, random_state=0)
    found = capsys.readouterr()
    assert found.out == ""
    assert ("Shuffling" in found.err) == ("300/300" in found.err) == bool(verbose)


def test_the_model_stays_what_it_was(images, mask_img, design):
    """Parameters, representation, contrasts and clones are as before `permute`."""
    model = SecondLevelModel(mask_img, minimize_memory=False).fit(images, design_matrix=design)
    before = model.get_params(), repr(model), values_of(model.compute_contrast("age"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.permute("age", n_perm=20, random_state=0)
    assert model.get_params() == before[0]
    assert repr(model) == before[1]
    np.testing.assert_array_equal(values_of(model.compute_contrast("age")), before[2])
    with pytest.raises(NotFittedError):
        clone(model).permute("age")
