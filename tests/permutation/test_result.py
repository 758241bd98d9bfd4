"""A result says what was found, how far it can be trusted, and how it was made."""

import numpy as np
import pytest

from secondlevel.errors import InputError
from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.nulls.interval import p_interval, sequence_interval
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

V = 40
GRAPH = Lattice(np.ones((5, 8, 1), dtype=bool), np.diag([2.0, 2, 2, 1])).graph(6)
DESIGN = np.column_stack([np.repeat(np.eye(2), 8, axis=0), np.arange(16) ** 2.0])


CLUSTERS = (ClusterSummary(z=1.2),)


def run(summaries=CLUSTERS, contrast="x1 - x0", **keywords):
    """A difference of two groups with a covariate, 400 shuffles unless told."""
    data = np.random.default_rng(0).normal(size=(16, V))
    data[8:, :5] += 2.0
    data[8:, 9:13] -= 2.0
    asked = {"n_perm": 400, "random_state": 0, "graph": GRAPH, "summaries": summaries}
    return permutation_test(data, DESIGN, contrast, **(asked | keywords))


@pytest.mark.parametrize("scale", ["z", "stat"])
@pytest.mark.parametrize("sides", ["positive", "negative", "both"])
def test_its_null_gives_the_p_of_the_run(sides, scale):
    """Peaks and clusters looked up in it must have the family-wise p that the run gave them."""
    result = run(sides=sides, scale=scale)
    found, null = result[0], result.null()
    sign = -1 if sides == "negative" else 1
    towards = np.abs(found.heights) if sides == "both" else sign * found.heights
    np.testing.assert_array_equal(null.peak_p(towards), found.p)
    sizes = found.summaries["size"]
    inside = sizes.observed > 0
    assert inside.any()
    np.testing.assert_array_equal(
        null.cluster_p(sizes.observed[inside], found.cluster_threshold), sizes.p[inside]
    )
    assert (null.two_sided, null.sign) == (sides == "both", sign)
    assert null.statistic == ("z" if scale == "z" else "t")
    assert null.for_sides(two_sided=sides == "both", sign=sign) is null


def test_its_null_of_several_contrasts_is_that_of_all():
    """Corrected together they share maxima; each by its number or its name."""
    result = run(contrast={"more": "x1 - x0", "less": "x0 - x1"})
    for name in ("more", "less"):
        np.testing.assert_array_equal(
            result.null(name).peak_p(result[name].heights), result[name].p
        )
    np.testing.assert_array_equal(result.null(0).peaks, result.null("less").peaks)


def test_its_null_of_other_statistics():
    """That of F is said to be of F; a partial correlation has no name that a table knows."""
    F = run(contrast=["x1 - x0", "x2"], scale="stat")
    assert F.null().statistic == "F"
    np.testing.assert_array_equal(F.null().peak_p(F[0].heights), F[0].p)
    assert run(statistic="partial_r", scale="stat").null().statistic is None
    assert run(statistic="partial_r").null().statistic == "z"


def test_a_null_has_no_sizes_that_a_table_does_not_count():
    """Where there are no clusters, or where they were taken in mm³, it must know peaks alone."""
    for summaries in ((), (TFCESummary(),), (ClusterSummary(z=1.2, extent="size"),)):
        null = run(summaries).null()
        assert null.counts is None
        assert null.cluster_p([3.0], 1.2) is None
    sizes = run((ClusterSummary(z=1.2, extent="size"),))[0].summaries["size"].observed
    counts = run()[0].summaries["size"].observed
    np.testing.assert_allclose(sizes, 8.0 * counts, rtol=1e-15)


def test_there_is_no_one_null_of_each_side():
    """The error must say which runs have one."""
    with pytest.raises(InputError, match=r"sides='each'.*sides='both'"):
        run(sides="each").null()


def test_contrasts_are_found_by_number_and_name():
    """An unknown name must list those there are; numbers are those of a tuple."""
    result = run(contrast={"more": "x1 - x0", "less": "x0 - x1"})
    assert result[1] is result["less"] is result[-1]
    assert [one.name for one in result] == ["more", "less"]
    with pytest.raises(InputError, match="no contrast 'mroe'; there are 'more', 'less'"):
        result["mroe"]


def test_intervals_are_those_of_the_run():
    """Random shuffles have Clopper and Pearson's, all of them p itself, a stopped run wide ones."""
    result = run()
    counts = result[0].summaries["max"].exceedances
    for found, expected in zip(result.interval(counts), p_interval(counts, 400), strict=True):
        np.testing.assert_array_equal(found, expected)
    lower, upper = result.interval(counts, 0.5)
    assert (lower >= result.interval(counts)[0]).all()
    assert ((lower <= result[0].p) & (result[0].p <= upper)).all()

    few = permutation_test(np.random.default_rng(0).normal(size=(8, V)), np.ones(8))
    assert few.exhaustive
    for bound in few.interval(few[0].summaries["max"].exceedances):
        np.testing.assert_array_equal(bound, few[0].p)

    stopped = run((), n_perm=10**5, stop_when="decided", alpha=0.3)
    assert stopped.stopped_early
    counts = stopped[0].summaries["max"].exceedances
    expected = sequence_interval(counts, stopped.n_shuffles, 0.05)
    for found, bound in zip(stopped.interval(counts), expected, strict=True):
        np.testing.assert_array_equal(found, bound)


def test_one_shuffle_tells_nothing():
    """With n_perm=1 there is the observed labelling alone: every p must be 1, from 0 to 1."""
    result = run(n_perm=1, uncorrected=True)
    for summary in result[0].summaries.values():
        np.testing.assert_array_equal(summary.p, 1.0)
    lower, upper = result.interval(result[0].summaries["max"].exceedances)
    np.testing.assert_array_equal(lower, 0.0)
    np.testing.assert_array_equal(upper, 1.0)


def test_it_says_how_it_was_made():
    """What was done and why, how many of how many, the seed, the method, the smallest p."""
    text = run().describe()
    assert "Maps are permuted: the tested part is not the same for all maps." in text
    assert "400 shuffles were drawn at random, with replacement, of about 10^13.3 dist" in text
    assert "(seed 0); the observed labelling is the first." in text
    assert "Statistic: t (large on the positive side). Clusters were formed at z = 1.2;" in text
    assert "Freedman–Lane" in text
    assert text.endswith("No p is below 0.0025.")
    few = permutation_test(np.random.default_rng(0).normal(size=(8, V)), np.ones(8)).describe()
    assert "Signs are flipped: the tested part is the same for all maps" in few
    assert "All 256 distinct shuffles were done" in few
    slope = np.arange(3000.0) - 1499.5
    many = permutation_test(np.random.default_rng(0).normal(size=(3000, 2)), slope, n_perm=2)
    assert "of about 10^9130.6 distinct ones" in many.describe()


def test_labels_and_degrees_of_freedom_are_those_of_the_contrast():
    """Names of statistics, residual and numerator degrees of freedom, thresholds by height."""
    t, F = run(), run(contrast=["x1 - x0", "x2"], scale="stat")
    assert (t[0].label, t[0].dof, t[0].dof_contrast, t[0].cluster_threshold) == ("t", 13, 1, 1.2)
    assert (F[0].label, F[0].dof, F[0].dof_contrast) == ("F", 13, 2)
    assert t[0].cluster_extent == "elements"
    assert run(())[0].cluster_threshold is run(())[0].cluster_extent is None
    assert list(run((TFCESummary(), ClusterSummary(z=1.2)))[0].summaries) == [
        "max",
        "size",
        "mass",
        "tfce",
    ]
