"""What is known of each map, against statsmodels, plain loops, and planted faults."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from secondlevel import SecondLevelModel
from secondlevel.inquiry.quality import judge
from secondlevel.streaming.diagnostics import examine
from secondlevel.streaming.look import EDGES

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
    assert seen.cook_share.tolist() == (cook > 1).mean(axis=1).tolist()
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


def remarks(data, design):
    """What is said of each map."""
    seen, fit = looked_at(data, design)
    return judge(seen, [f"sub-{row:02d}" for row in range(len(data))], fit).maps["Remarks"]


@pytest.fixture(scope="module")
def agreeing():
    """Twenty maps of one pattern and noise."""
    rng = np.random.default_rng(6)
    return rng.normal(0, 1.5, SHAPE) + rng.normal(size=(20, *SHAPE))


ONE = pd.DataFrame({"one": np.ones(20)})


def test_nothing_is_said_of_maps_that_agree(agreeing):
    """Clean maps stand out in nothing."""
    assert (remarks(agreeing, ONE) == "").all()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: 100 * one, "times as wide as is usual: another unit or scale?"),
        (lambda one: 0.01 * one, "times less than is usual: another unit or scale?"),
        (lambda one: -one, "is its sign reversed?"),
        (lambda one: one + 10, "its mean is 10.2 (median 0.101)"),
        (lambda one: np.random.default_rng(7).normal(size=one.shape) * 2, "correlates"),
    ],
)
def test_an_odd_map_is_named_with_the_reason(agreeing, spoil, said):
    """Off scale, reversed, shifted, noise: the map is remarked on, and no other."""
    spoiled = agreeing.copy()
    spoiled[13] = spoil(spoiled[13])
    found = remarks(spoiled, ONE)
    assert said in found[13]
    assert (found.drop(13) == "").all()


def test_two_odd_maps_do_not_hide_each_other(agreeing):
    """Two maps off scale are both found."""
    spoiled = agreeing.copy()
    spoiled[3] *= 50
    spoiled[8] *= 80
    found = remarks(spoiled, ONE)
    assert np.flatnonzero(found != "").tolist() == [3, 8]


def test_copies_are_named(agreeing):
    """A copy says of what."""
    copied = agreeing.copy()
    copied[5] = copied[1]
    found = remarks(copied, ONE)
    assert found[5] == "holds the same values as sub-01"
    assert found[1] == "holds the same values as sub-05"


def test_few_maps_are_not_compared(data):
    """Of four maps none is called odd, however far it is."""
    few = data[:4].copy()
    few[0] *= 100
    seen, fit = looked_at(few, pd.DataFrame({"one": np.ones(4)}))
    quality = judge(seen, list("abcd"), fit)
    assert (quality.maps["Remarks"] == "").all()
    assert quality.notes[0] == "Among 4 maps no one can be told from the others as odd."
