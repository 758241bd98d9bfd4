"""What is said of each map: planted faults are named with their reason, clean maps are not."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.inquiry.quality import judge
from secondlevel.results.quality import QUALITY_COLUMNS
from secondlevel.streaming.diagnostics import examine

SHAPE = (5, 6, 7)


def looked_at(data, design=None, **parameters):
    """Fit maps, and examine them."""
    if design is None:
        design = pd.DataFrame({"one": np.ones(len(data))})
    model = SecondLevelModel(nib.Nifti1Image(np.ones(SHAPE, "u1"), np.eye(4)), **parameters)
    model.fit([nib.Nifti1Image(volume, np.eye(4)) for volume in data], design_matrix=design)
    study = model._study
    fit = study.fit(None, model._bar)
    return examine(study.analysis, study.cohort.maps(None), fit, np.array([0])), fit


def quality(data, design=None, **parameters):
    """All that is said of some maps."""
    seen, fit = looked_at(data, design, **parameters)
    return judge(seen, [f"sub-{row:02d}" for row in range(len(data))], fit)


def remarks(data, design=None, **parameters):
    """What is said of each map."""
    return quality(data, design, **parameters).maps["Remarks"].tolist()


def maps(n, seed=6):
    """Maps of one pattern and noise."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1.5, SHAPE) + rng.normal(size=(n, *SHAPE))


def noise(one):
    """No pattern, but values that spread as wide."""
    return np.random.default_rng(7).normal(size=one.shape) * one.std()


@pytest.fixture(scope="module")
def agreeing():
    """Diagnostics of twenty maps that agree, and their fit."""
    return looked_at(maps(20))


def test_the_table_holds_what_is_known(agreeing):
    """Each column is what was measured, in the order of the maps."""
    seen, fit = agreeing
    table = judge(seen, [f"m{row}" for row in range(20)], fit).maps
    assert tuple(table.columns) == QUALITY_COLUMNS
    assert table["Map"].tolist() == [f"m{row}" for row in range(20)]
    columns = ("mean", "spread", "missing", "correlation", "distance", "leverage", "cook_mean")
    for column, name in zip(QUALITY_COLUMNS[1:8], columns, strict=True):
        assert np.array_equal(table[column], getattr(seen, name)), column


@pytest.mark.parametrize("n", [3, 4, 5, 8, 20, 60])
def test_nothing_is_said_of_maps_that_agree(n):
    """Clean maps stand out in nothing, few or many."""
    assert remarks(maps(n)) == [""] * n


@pytest.mark.parametrize("n", [8, 20])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: 100 * one, "times as wide as is usual: another unit or scale?"),
        (lambda one: 0.01 * one, "times less than is usual: another unit or scale?"),
        (lambda one: 0 * one, "is the same everywhere"),
        (lambda one: -one, "is its sign reversed?"),
        (lambda one: one + 10, "its mean is "),
        (lambda one: np.roll(one, 3, axis=1), "with the mean of the others (median 0.8"),
        (noise, "with the mean of the others (median 0.8"),
        (lambda one: one + 4 * noise(one), "times as far from the fit as is usual"),
    ],
    ids=["large", "small", "constant", "inverted", "shifted", "moved", "noise", "noisy"],
)
def test_an_odd_map_is_named_with_the_reason(n, spoil, said):
    """Off scale, constant, inverted, shifted, moved, noise: that map is remarked on, no other."""
    spoiled = maps(n)
    spoiled[5] = spoil(spoiled[5])
    found = remarks(spoiled)
    assert said in found[5]
    assert [row for row, words in enumerate(found) if words] == [5]


@pytest.mark.parametrize("n", [10, 20])
def test_two_odd_maps_do_not_hide_each_other(n):
    """Two maps off scale are both found, in one group too; and a third that is inverted."""
    design = pd.DataFrame({"a": np.arange(n) % 2.0, "b": 1.0 - np.arange(n) % 2})
    spoiled = maps(n)
    spoiled[3] *= 50
    spoiled[5] *= 80
    for rows in (None, design):
        found = remarks(spoiled, rows)
        assert [row for row, words in enumerate(found) if words] == [3, 5]
        assert "from the fit" in found[3]
        assert "from the fit" in found[5]
    note = quality(spoiled).notes[0]
    assert note.startswith("sub-05 is so far off scale that it decides the mean")


def test_numbers_are_those_measured(agreeing):
    """What a remark says is the number in the table, and what is usual."""
    seen, fit = agreeing
    correlation = np.full(20, 0.61)
    correlation[4] = 0.05
    spread = np.full(20, 2.0)
    spread[4] = 206.0
    distance = np.ones(20)
    distance[4] = 5.2
    odd = replace(seen, correlation=correlation, spread=spread, distance=distance)
    assert judge(odd, list(map(str, range(20))), fit).maps["Remarks"][4] == (
        "correlates 0.05 with the mean of the others (median 0.61); its values spread 103 times "
        "as wide as is usual: another unit or scale?; lies 5.2 times as far from the fit as is "
        "usual"
    )


def test_copies_are_named():
    """A copy says of what; of many it names three and counts the rest."""
    copied = maps(20)
    copied[5] = copied[1]
    copied[[9, 10, 11, 12]] = copied[8]
    found = remarks(copied)
    assert found[5] == "holds the same values as sub-01"
    assert found[1] == "holds the same values as sub-05"
    assert found[9] == "holds the same values as sub-08, sub-10, sub-11 and 1 more"
    assert [row for row, words in enumerate(found) if words] == [1, 5, 8, 9, 10, 11, 12]


def test_missing_values_are_said_as_a_share_of_the_mask():
    """A map without a value at 25 of 210 elements lacks 12 %; coverage shows where."""
    holed = maps(10)
    holed[3].flat[:25] = np.nan
    holed[7].flat[20:22] = np.nan  # less than is worth a word
    with pytest.warns(UserWarning, match="25 of 210"):
        found = quality(holed)
    assert found.maps["Missing"].tolist() == [0, 0, 0, 25, 0, 0, 0, 2, 0, 0]
    assert found.maps["Remarks"][3] == "has no value at 12 % of the mask"
    assert found.odd["Map"].tolist() == ["sub-03"]
    coverage = np.asanyarray(found.images["coverage"].dataobj)
    assert coverage.dtype.kind == "i"
    expected = np.full(210, 10)
    expected[:25] -= 1
    expected[20:22] -= 1
    assert np.array_equal(coverage.ravel(), expected)
    cook = found.images["cook"].get_fdata().ravel()
    assert (cook[:25] == 0).all()
    assert (cook[25:] > 0).all()


def test_a_row_that_decides_its_own_fit_is_named():
    """A covariate far from all others, or a group of one, has high leverage; said with numbers."""
    x = np.r_[np.random.default_rng(8).normal(size=19), 40.0]
    found = remarks(maps(20), pd.DataFrame({"one": 1.0, "x": x}))
    assert found[19].startswith("its row of the design decides its own fit: leverage 0.9")
    assert "(mean 0.10)" in found[19]
    alone = remarks(maps(20), pd.DataFrame({"one": 1.0, "alone": np.eye(20)[7]}))
    assert alone[7] == "its row of the design decides its own fit: leverage 1.00 (mean 0.10)"
    assert [row for row, words in enumerate(alone) if words] == [7]


def test_a_map_that_moves_the_fit_is_named():
    """High leverage and a map off the line: Cook's distance above 0.72 at many elements."""
    rng = np.random.default_rng(9)
    x = np.r_[rng.normal(size=19), 6.0]
    spoiled = maps(20)
    spoiled[19] += 4 * rng.normal(size=SHAPE)
    seen, fit = looked_at(spoiled, pd.DataFrame({"one": 1.0, "x": x}))
    said = judge(seen, list(map(str, range(20))), fit).maps["Remarks"][19]
    share = f"{100 * seen.cook_share[19]:.3g} %"
    assert f"moves the fit notably (Cook's distance above 0.72) at {share} of the elements" in said
    assert seen.cook_share[19] > 0.5


@pytest.mark.parametrize("n", [3, 4])
def test_of_few_maps_only_a_wild_scale_is_told(n):
    """Of three or four, 100 times the scale is remarked on; inverted, shifted or noise are not."""
    few = maps(n)
    few[0] *= 100
    found = quality(few)
    assert "times as wide as is usual" in found.maps["Remarks"][0]
    assert found.odd["Map"].tolist() == ["sub-00"]
    assert found.notes[0] == (
        f"Among {n} maps no one can be told from the others as odd, but by a wild scale."
    )
    for spoil in (lambda one: -one, lambda one: one + 10, noise, lambda one: 5 * one):
        few = maps(n)
        few[0] = spoil(few[0])
        assert remarks(few) == [""] * n


def test_of_two_kinds_of_maps_neither_is_odd():
    """Two of four in another unit, or one of two: no one can say which is right."""
    few = maps(4)
    few[:2] *= 1e6
    assert remarks(few) == [""] * 4
    assert remarks(few[1:3]) == ["", ""]


def test_maps_of_many_scales_are_said_to_be():
    """Where no map is off the scale of the others because there is none, a note says so."""
    mixed = maps(20) * np.geomspace(20, 400, 20)[:, None, None, None]
    found = quality(mixed)
    assert found.odd.empty
    narrow, broad = np.quantile(found.maps["SD"], [0.1, 0.9])
    (note,) = found.notes
    assert note == (
        f"Values spread by {narrow:.3g} in some maps and by {broad:.3g} in others (standard "
        "deviation, 10th and 90th percentile of the maps), and the widest decide most. Are all in "
        "the same unit?"
    )
    assert broad / narrow == pytest.approx(20**0.8, rel=0.2)


def test_maps_without_any_spread_do_no_harm():
    """All maps the same everywhere: nothing is odd, and normality is not told."""
    with pytest.warns(UserWarning, match="no residual variance"):
        found = quality(np.full((24, *SHAPE), 3.0))
    assert (found.maps["Remarks"] == "").all()
    assert found.notes == ("No element has residual variance, so nothing is said of normality.",)
    assert np.isnan(found.not_normal)
    assert np.isfinite(found.maps.drop(columns=["Map", "Remarks"]).to_numpy(dtype=float)).all()


def test_too_few_maps_for_normality_are_said_to_be():
    """Of 19 maps the test is not made, and a note says why; of 20 it is."""
    found = quality(maps(19))
    assert found.notes == (
        "19 maps are too few for a test of normality at each element; 20 are needed.",
    )
    assert np.isnan(found.not_normal)
    assert quality(maps(20)).notes == ()


@pytest.mark.parametrize("n", [5, 10, 20, 50, 100])
def test_alarms_are_rare(n, agreeing):
    """Of maps whose measures differ as normal values do, hardly any is remarked on."""
    seen, fit = agreeing
    rng = np.random.default_rng(n)
    odd, cohorts = 0, 4000 // n
    for _ in range(cohorts):
        clean = replace(
            seen,
            mean=rng.normal(size=n),
            spread=np.exp(rng.normal(0, 0.3, n)),
            missing=np.zeros(n, dtype=int),
            correlation=np.tanh(rng.normal(0.8, 0.15, n)),
            distance=np.exp(rng.normal(0, 0.2, n)),
            leverage=np.full(n, 1 / n),
            cook_mean=np.zeros(n),
            cook_share=np.zeros(n),
        )
        odd += len(judge(clean, list(map(str, range(n))), fit).odd)
    # Seen: 0.1 to 0.4 %. Simulated cohorts of clean maps have fewer: they differ less.
    assert odd / (n * cohorts) < 0.005
