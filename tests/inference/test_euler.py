"""Densities of random fields, by closed forms and by the Gaussian kinematic formula."""

import numpy as np
import pytest
from scipy import stats

from secondlevel.inference.euler import Fisher, Gaussian, Student, make_field

FOUR_LN_2 = 4 * np.log(2)
HEIGHTS = np.array([0.5, 1.0, 2.0, 3.1, 4.5, 7.0])


def chi_derivative(k, order, x):
    """Derivative of the density of chi with k degrees of freedom."""
    slope = (k - 1) / x - x
    return stats.chi.pdf(x, k) * (1, slope, slope**2 - (k - 1) / x**2 - 1)[order]


def normal_derivative(order, x):
    """Derivative of the density of the normal."""
    return stats.norm.pdf(x) * (1, -x, x * x - 1)[order]


def kinematic(numerator, c, nu):
    """Densities in 1, 2, 3 dimensions of the field a / b, a of any density, b of chi(nu), above c.

    By the Gaussian kinematic formula (Adler and Taylor, 2007, *Random Fields and Geometry*, ch. 15)
    ρ_d is (4 ln 2 / 2π)^(d/2) times the d-th derivative by r of the probability of lying within r
    of the cone a ≥ c b, which is that of a - c b ≥ -r √(1 + c²).
    """
    nodes, weights = np.polynomial.legendre.leggauss(40)
    starts = np.linspace(0, 30, 120, endpoint=False)[:, None]
    b, weights = (starts + (nodes + 1) / 8).ravel(), np.tile(weights / 8, 120)
    along = [weights @ (numerator(d - 1, c * b) * stats.chi.pdf(b, nu)) for d in (1, 2, 3)]
    return [
        (FOUR_LN_2 / (2 * np.pi)) ** (d / 2) * (-1) ** (d - 1) * (1 + c * c) ** (d / 2) * integral
        for d, integral in zip((1, 2, 3), along, strict=True)
    ]


def test_densities_of_z_are_the_closed_form():
    """Hermite polynomials times the normal density (Worsley, 1996)."""
    z, e = HEIGHTS, np.exp(-(HEIGHTS**2) / 2)
    a = FOUR_LN_2
    expected = [
        stats.norm.sf(z),
        a**0.5 / (2 * np.pi) * e,
        a / (2 * np.pi) ** 1.5 * z * e,
        a**1.5 / (2 * np.pi) ** 2 * (z**2 - 1) * e,
    ]
    np.testing.assert_allclose(Gaussian().densities(z, 3), expected, rtol=1e-13)  # seen: 1e-15


@pytest.mark.parametrize("nu", [4, 7, 23.5, 120])
@pytest.mark.parametrize("t", [0.7, 2.0, 4.5, 12.0])
def test_densities_of_t_follow_from_the_kinematic_formula(t, nu):
    """Student's t is √ν a / b with a normal."""
    found = Student(nu).densities(np.array(t), 3)
    expected = kinematic(normal_derivative, t / np.sqrt(nu), nu)
    np.testing.assert_allclose(found[1:], expected, rtol=1e-11)  # seen: 2e-14
    np.testing.assert_allclose(found[0], stats.t.sf(t, nu), rtol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 3, 5.5, 30])
@pytest.mark.parametrize("nu", [5, 23.5, 120])
@pytest.mark.parametrize("f", [0.6, 3.0, 20.0])
def test_densities_of_f_follow_from_the_kinematic_formula(f, nu, k):
    """F is ν/k a²/b² with a of chi(k)."""
    found = Fisher(k, nu).densities(np.array(f), 3)
    expected = kinematic(lambda d, x: chi_derivative(k, d, x), np.sqrt(k * f / nu), nu)
    np.testing.assert_allclose(found[1:], expected, rtol=1e-10)  # seen: 5e-13
    np.testing.assert_allclose(found[0], stats.f.sf(f, k, nu), rtol=1e-10)


def test_t_with_many_degrees_of_freedom_is_z():
    """Densities tend to those of z, as 1/ν; with infinitely many they are those of z."""
    z = Gaussian().densities(HEIGHTS, 3)
    for nu, tolerance in ((1e6, 2e-3), (1e9, 2e-6), (1e14, 1e-10)):
        t = Student(nu).densities(HEIGHTS, 3)
        np.testing.assert_allclose(t, z, rtol=tolerance, atol=tolerance)
    assert make_field("t", np.inf) == Gaussian()


def test_f_with_many_degrees_of_freedom_is_chi_square():
    """The limit of k F is the square of chi: with k = 1, both sides of z."""
    both = 2 * Gaussian().densities(HEIGHTS, 3)
    for nu, tolerance in ((1e9, 2e-6), (1e14, 1e-10), (np.inf, 1e-10)):
        f = Fisher(1, nu).densities(HEIGHTS**2, 3)
        np.testing.assert_allclose(f, both, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("nu", [3, 4, 11, 250.5])
def test_f_with_one_degree_of_freedom_is_both_sides_of_t(nu):
    """Densities of F(1, ν) at t² are twice those of t."""
    t, f = Student(nu).densities(HEIGHTS, 3), Fisher(1, nu).densities(HEIGHTS**2, 3)
    np.testing.assert_allclose(f, 2 * t, rtol=1e-12, atol=1e-15)  # seen: 6e-14


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_densities_of_f_at_zero_are_finite(k):
    """Powers whose coefficient is 0 are infinite at F = 0, and left out."""
    found = Fisher(k, 12).densities(np.array([0.0, 1e-12]), 3)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-4)
    assert found[0, 0] == 1.0


def test_the_rank_of_a_contrast_may_be_rounded():
    """Other programs compute it as a trace: 0.9999999999 is 1."""
    assert make_field("F", (1 - 1e-9, 21.0)) == Fisher(1.0, 21.0)
