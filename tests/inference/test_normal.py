"""z to p and back, against scipy."""

import numpy as np
import pytest
from scipy import stats

from secondlevel.inference.normal import height_of, log_upper_p, upper_p


def test_a_height_is_the_quantile_of_the_normal():
    """The height of p among m tests must be the upper p / m quantile, as a double."""
    for p in (0.5, 0.05, 0.001, 1e-12, 1e-300):
        for m in (1, 2, 235_375):
            if p / m > 1e-305:
                assert height_of(p, m) == stats.norm.isf(p / m)
    assert isinstance(height_of(0.05), np.float64)


def test_p_of_a_height_is_the_upper_tail():
    """Both p and its logarithm must be scipy's, and the way back the same z."""
    z = np.array([-40.0, -3.0, 0.0, 1e-8, 2.5, 8.0, 37.0])
    np.testing.assert_array_equal(upper_p(z), stats.norm.sf(z))
    np.testing.assert_array_equal(log_upper_p(z), stats.norm.logsf(z))
    # Worst relative difference seen: 4e-16.
    np.testing.assert_allclose(height_of(float(upper_p(2.5))), 2.5, rtol=1e-14)


def test_far_out_logarithms_stay_in_order():
    """The log of p must fall with z as far as its square is a number, and never be NaN."""
    z = np.array([38.0, 40.0, 1e10, 1e150, 1e308, np.inf])
    log_p = log_upper_p(z)
    assert not np.isnan(log_p).any()
    assert (np.diff(log_p[:4]) < 0).all()
    assert log_p[3] == pytest.approx(-0.5e300, rel=1e-12)  # worst seen: exact
