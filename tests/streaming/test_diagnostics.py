"""What is known of each map, against statsmodels, SciPy and plain loops."""

from dataclasses import replace
from functools import reduce

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from secondlevel import SecondLevelModel
from secondlevel.design.matrix import Design
from secondlevel.models.least_squares import LeastSquares
from secondlevel.streaming.diagnostics import examine, read_at
from secondlevel.streaming.look import EDGES, Look, PerMap, Seen

SHAPE = (5, 6, 7)
N = 24


@pytest.fixture(scope="module")
def design():
    """An intercept, two groups beside it (so one column too many), and a covariate."""
    group = np.arange(N) % 2
    age = np.random.default_rng(1).normal(size=N)
    columns = {"one": 1.0, "a": group, "b": 1 - group, "age": age}
    return pd.DataFrame(columns, dtype=float)


@pytest.fixture(scope="module")
def data():
    """Skewed noise of 24 maps about a common pattern."""
    rng = np.random.default_rng(2)
    return rng.gamma(3.0, size=(N, *SHAPE)) + rng.normal(0, 2, SHAPE)


def looked_at(data, design, at=(0,), mask=None, **parameters):
    """Fit maps, and examine them."""
    inside = np.ones(SHAPE, dtype="u1") if mask is None else mask
    model = SecondLevelModel(nib.Nifti1Image(inside, np.eye(4)), **parameters)
    maps = [nib.Nifti1Image(volume, np.eye(4)) for volume in data]
    model.fit(maps, design_matrix=design)
    study = model._study
    fit = study.fit(None, model._bar)
    seen = examine(study.analysis, study.cohort.maps(None), fit, np.array(at))
    return seen, fit


def test_influence_is_that_of_statsmodels(data, design):
    """Leverage, Cook's distance and studentised residuals are statsmodels', rank and all."""
    seen, _ = looked_at(data, design)
    flat, full = data.reshape(N, -1), design[["one", "a", "age"]].to_numpy()
    influences = [OLS(column, full).fit().get_influence() for column in flat.T]
    cook = np.stack([one.cooks_distance[0] for one in influences], axis=1)
    residuals = np.stack([one.resid_studentized_internal for one in influences], axis=1)
    # Largest differences seen: 3e-16, 2e-14 relative.
    np.testing.assert_allclose(seen.leverage, influences[0].hat_matrix_diag, rtol=1e-12)
    np.testing.assert_allclose(seen.cook_mean, cook.mean(axis=1), rtol=1e-11)
    np.testing.assert_allclose(seen.cook_largest, cook.max(axis=0), rtol=1e-11)
    assert seen.cook_share.tolist() == (cook > stats.f.median(3, N - 3)).mean(axis=1).tolist()
    counts = np.histogram(np.clip(residuals, -5.999, 5.999), EDGES)[0]
    assert np.abs(counts - seen.residual_counts).sum() == 0


def test_normality_is_that_of_scipy(data, design):
    """The share of elements that fail is that of SciPy's test of the studentised residuals."""
    seen, _ = looked_at(data, design)
    full = design[["one", "a", "age"]].to_numpy()
    residuals = np.stack(
        [
            OLS(column, full).fit().get_influence().resid_studentized_internal
            for column in data.reshape(N, -1).T
        ],
        axis=1,
    )
    p = stats.normaltest(residuals, axis=0).pvalue
    assert seen.not_normal == np.mean(p < 0.05)
    assert seen.not_normal > 0.15  # gamma noise is not normal


def test_agreement_is_that_of_plain_loops(data, design):
    """Mean, spread, correlation with the mean of the others, robust distance: by the definition."""
    seen, _ = looked_at(data, design, at=(3, 0))
    flat = data.reshape(N, -1)
    others = [np.delete(flat, row, axis=0).mean(axis=0) for row in range(N)]
    correlation = [np.corrcoef(one, mean)[0, 1] for one, mean in zip(flat, others, strict=True)]
    full = design[["one", "a", "age"]].to_numpy()
    hat = full @ np.linalg.pinv(full)
    residuals = (flat - hat @ flat) / np.sqrt(1 - np.diag(hat))[:, None]
    apart = np.abs(residuals - np.median(residuals, axis=0))
    distance = np.median(apart / np.median(apart, axis=0), axis=1)
    np.testing.assert_allclose(seen.mean, flat.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(seen.spread, flat.std(axis=1), rtol=1e-13)
    np.testing.assert_allclose(seen.correlation, correlation, rtol=1e-11)
    np.testing.assert_allclose(seen.distance, distance, rtol=1e-11)
    assert np.array_equal(seen.values, flat[:, [3, 0]])


def test_without_a_constant_the_sum_is_read(data):
    """Where the design has no constant, correlations are the same: the sum of maps is read."""
    ages = pd.DataFrame({"age": np.random.default_rng(3).normal(size=N)})
    seen, _ = looked_at(data, ages)
    with_one, _ = looked_at(data, ages.assign(one=1.0))
    np.testing.assert_allclose(seen.correlation, with_one.correlation, rtol=1e-11)


def test_results_depend_on_neither_jobs_nor_kept_data(data, design):
    """One job or two, maps kept or read again: the same to the bit."""
    first, _ = looked_at(data, design, at=(1, 2))
    for parameters in ({"n_jobs": 2}, {"minimize_memory": False}):
        other, _ = looked_at(data, design, at=(1, 2), **parameters)
        for name, value in vars(first).items():
            assert np.array_equal(value, getattr(other, name)), name


def test_missing_values_are_counted_per_map(data, design):
    """A map without values in some elements: these are left out for all, and counted for it."""
    holed = data.copy()
    holed[4, 0, 0, :3] = np.nan
    with pytest.warns(UserWarning, match="3 of 210"):
        seen, fit = looked_at(holed, design)
    assert seen.missing.tolist() == [3 if row == 4 else 0 for row in range(N)]
    assert fit.space.n_elements == 207
    whole, _ = looked_at(data[:, :, :, :], design)
    assert len(whole.cook_largest) == 210


def test_constant_elements_move_nothing(data, design):
    """Elements without residual variance have no Cook's distance, no residuals, and no NaN."""
    flat = data.copy()
    flat[:, 0, 0, :2] = 7.0
    with pytest.warns(UserWarning, match="no residual variance"):
        seen, _ = looked_at(flat, design)
    assert seen.cook_largest[:2].tolist() == [0.0, 0.0]
    assert seen.residual_counts.sum() == N * 208
    assert all(np.isfinite(value).all() for value in vars(seen).values() if np.size(value))


def test_a_perfectly_fitted_map_moves_nothing_that_shows():
    """A map with a column of its own has leverage 1 and residual 0: Cook's distance 0, not NaN."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"one": np.ones(8), "alone": np.eye(8)[0]})
    seen, _ = looked_at(rng.normal(size=(8, *SHAPE)), rows)
    assert seen.leverage[0] == pytest.approx(1.0, abs=1e-12)
    assert seen.cook_mean[0] == 0.0
    assert np.isfinite(seen.cook_mean).all()
    assert np.isnan(seen.not_normal)  # eight maps tell nothing of normality


def test_copies_are_found(data, design):
    """Maps that hold the same values are named, in groups."""
    copied = data.copy()
    copied[7] = copied[2]
    copied[9] = copied[2]
    copied[20] = copied[11]
    seen, _ = looked_at(copied, design)
    assert seen.copies == ((2, 7, 9), (11, 20))


@settings(derandomize=True, deadline=None, max_examples=15)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_the_unit_of_maps_is_of_no_account(scale, seed):
    """Maps times a number: nothing changes but what is in their unit; rows go along with maps."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"one": 1.0, "x": rng.normal(size=10)})
    maps = rng.normal(size=(10, *SHAPE))
    order = rng.permutation(10)
    first, _ = looked_at(maps, rows)
    scaled, _ = looked_at(scale * maps[order], rows.iloc[order].reset_index(drop=True))
    for name in ("correlation", "distance", "leverage", "cook_mean"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(first, name)[order], rtol=1e-8)
    np.testing.assert_allclose(scaled.spread, scale * first.spread[order], rtol=1e-10)


def test_maps_off_scale_are_far_and_hide_nobody(data, design):
    """One map, or two of one group, at 100 times the scale lie far; the others remain usual."""
    for odd in ([4], [4, 6]):
        spoiled = data - data.mean(axis=0)
        spoiled[odd] *= 100
        seen, _ = looked_at(spoiled, design)
        assert seen.distance[odd].min() > 50
        assert np.delete(seen.distance, odd).max() < 2
        ratio = seen.spread[odd] / np.median(seen.spread)
        assert ((ratio > 70) & (ratio < 150)).all()


def test_correlation_survives_a_map_of_another_unit(data, design):
    """Beside a map 1e9 times as large, what it correlates with is still the mean of the others."""
    spoiled = data.copy()
    spoiled[3] *= 1e9
    seen, _ = looked_at(spoiled, design)
    flat = spoiled.reshape(N, -1)
    others = np.delete(flat, 3, axis=0).mean(axis=0)
    # Seen: 4e-8, as the sum of all is rounded; by sums of squares alone no digit is left.
    assert seen.correlation[3] == pytest.approx(np.corrcoef(flat[3], others)[0, 1], abs=1e-5)


def test_a_map_that_is_the_same_everywhere_correlates_with_nothing(data, design):
    """Its spread and correlation are 0, not rounding errors, and it is no copy of another."""
    flat = data.copy()
    flat[5] = flat[8] = 0.1
    seen, _ = looked_at(flat, design)
    assert seen.spread[[5, 8]].tolist() == [0.0, 0.0]
    assert seen.correlation[[5, 8]].tolist() == [0.0, 0.0]
    assert seen.copies == ()
    assert all(np.isfinite(value).all() for value in vars(seen).values() if np.size(value))


def test_missing_values_taken_for_zero_are_counted_too(data, design):
    """With missing="zero" they are 0 in every measure, and still counted as missing."""
    holed, filled = data.copy(), data.copy()
    holed[4, 0, 0, :3] = np.nan
    holed[9, 2] = np.inf
    filled[4, 0, 0, :3] = filled[9, 2] = 0.0
    for parameters in ({}, {"minimize_memory": False}):
        seen, fit = looked_at(holed, design, missing="zero", **parameters)
        expected, _ = looked_at(filled, design)
        assert seen.missing.tolist() == [{4: 3, 9: 42}.get(row, 0) for row in range(N)]
        assert fit.space.n_elements == 210
        for name, value in vars(expected).items():
            if name != "missing":
                assert np.array_equal(value, getattr(seen, name)), name


def test_elements_left_out_are_as_if_never_there(data, design):
    """With elements left out, measures are those of a smaller mask, with a constant or without."""
    holed = data.copy()
    holed[4, 0, 0, :3] = np.nan
    smaller = np.ones(SHAPE, dtype="u1")
    smaller[0, 0, :3] = 0
    for rows in (design, design[["age"]]):
        with pytest.warns(UserWarning, match="3 of 210"):
            seen, _ = looked_at(holed, rows, at=(5,))
        expected, _ = looked_at(data, rows, at=(5,), mask=smaller)
        for name, value in vars(expected).items():
            if name != "missing":
                # Blocks are of the same size, sums in the same order.
                np.testing.assert_allclose(getattr(seen, name), value, rtol=1e-12, err_msg=name)


def test_kept_maps_are_not_read_again(data, design):
    """Where the fit has kept complete data, no source is touched."""
    model = SecondLevelModel(
        nib.Nifti1Image(np.ones(SHAPE, "u1"), np.eye(4)), minimize_memory=False
    )
    model.fit([nib.Nifti1Image(volume, np.eye(4)) for volume in data], design_matrix=design)
    study = model._study
    fit = study.fit(None, model._bar)
    nothing = [object()] * N
    seen = examine(study.analysis, nothing, fit, np.array([3]))
    assert np.array_equal(seen.values[:, 0], data.reshape(N, -1)[:, 3])
    at = np.array([2, 7])
    kept = read_at(study.analysis, nothing, fit, at)
    again = read_at(study.analysis, study.cohort.maps(None), replace(fit, data=None), at)
    assert np.array_equal(kept, data.reshape(N, -1)[:, at])
    assert np.array_equal(again, kept)


@pytest.mark.parametrize("cuts", [(), (1,), (5, 10), tuple(range(1, N))])
def test_the_size_of_blocks_is_of_no_account(data, cuts):
    """Maps looked at together, one by one or anyhow: the same sums but for rounding."""
    rng = np.random.default_rng(9)
    flat = data.reshape(N, -1)
    rows = np.column_stack([np.ones(N), rng.normal(size=N)])
    estimate = LeastSquares().fit(Design(rows, ["one", "x"]), flat)
    total = flat.sum(axis=0)
    look = Look(
        estimate.coefficients,
        np.sqrt(estimate.residual_variance),
        total - total.mean(),
        estimate.covariance,
        2,
        0.7,
        None,
        np.arange(0, 210, 7),
        np.array([4]),
    )
    whole = look.reduce(rows, flat)
    parts = zip(np.split(rows, cuts), np.split(flat, cuts), strict=True)
    merged = reduce(Seen.merge, [look.reduce(*part) for part in parts])
    # Largest difference seen: 3e-15 of the largest value.
    for name in ("powers", "cook"):
        expected = getattr(whole, name)
        np.testing.assert_allclose(getattr(merged, name), expected, atol=1e-12 * expected.max())
    assert np.array_equal(merged.counts, whole.counts)
    one, other = PerMap.stack(whole.parts), PerMap.stack(merged.parts)
    for name in ("mean", "squares", "sampled", "values", "notable"):
        assert np.array_equal(getattr(other, name), getattr(one, name)), name
    for name in ("others", "products", "cook"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-11)
    assert (other.prints == one.prints).all()


def test_one_constant_more_is_of_no_account(data):
    """A second column of ones changes neither rank nor fit, so nothing at all."""
    age = np.random.default_rng(4).normal(size=N)
    once, _ = looked_at(data, pd.DataFrame({"one": 1.0, "age": age}))
    twice, _ = looked_at(data, pd.DataFrame({"one": 1.0, "age": age, "again": 5.0}))
    for name, value in vars(once).items():
        np.testing.assert_allclose(getattr(twice, name), value, rtol=1e-9, err_msg=name)


def test_a_surface_gives_the_numbers_of_its_values(make_surface):
    """On meshes of two hemispheres, measures are those of the same values on a grid."""
    maps = [make_surface(seed) for seed in range(20)]
    flat = np.stack([np.concatenate(list(m.data.parts.values())) for m in maps])
    rows = pd.DataFrame({"one": 1.0, "x": np.arange(20.0)})
    model = SecondLevelModel().fit(maps, design_matrix=rows)
    study = model._study
    fit = study.fit(None, model._bar)
    seen = examine(study.analysis, study.cohort.maps(None), fit, np.array([1, 23]))
    grid = SecondLevelModel(nib.Nifti1Image(np.ones((2, 3, 4), "u1"), np.eye(4)))
    volumes = [nib.Nifti1Image(values.reshape(2, 3, 4), np.eye(4)) for values in flat]
    study = grid.fit(volumes, design_matrix=rows)._study
    expected = examine(
        study.analysis, study.cohort.maps(None), study.fit(None, grid._bar), np.array([1, 23])
    )
    for name, value in vars(expected).items():
        assert np.array_equal(getattr(seen, name), value, equal_nan=True), name
    assert np.array_equal(seen.values, flat[:, [1, 23]])
