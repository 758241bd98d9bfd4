"""Laws that the tails of t and F keep for any statistic and any degrees of freedom.

Beside each tolerance stands the worst difference seen over 200 000 random examples.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from secondlevel.inference.tails import f_tail, t_tail

law = settings(derandomize=True, deadline=None, max_examples=200)

STEP = 1.0 + 1e-9


def powers_of_ten(low, high):
    """Positive numbers, evenly over the decades from 10^low to 10^high."""
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


signs = st.sampled_from([-1.0, 1.0])
magnitudes = st.one_of(powers_of_ten(-2, 3), powers_of_ten(-300, 300))
dofs = st.one_of(powers_of_ten(-0.3, 12), st.integers(1, 2000).map(float))


@law
@given(magnitudes, signs, dofs)
def test_z_grows_with_t(size, sign, dof):
    """A t larger by a billionth must have a larger z, and a log p that is no larger."""
    t = np.sort([sign * size, sign * size * STEP])
    tail = t_tail(t, dof)
    assert tail.z[0] < tail.z[1]
    assert tail.log_p[0] >= tail.log_p[1]
    if 1e-3 < t[0] < 1e300:
        assert tail.log_p[0] > tail.log_p[1]


@law
@given(magnitudes, dofs, dofs)
def test_z_grows_with_f(f, dof_num, dof_den):
    """An F larger by a millionth must have a larger z, and a log p that is no larger."""
    tail = f_tail([f, f * (1.0 + 1e-6)], dof_num, dof_den)
    assert tail.z[0] < tail.z[1]
    assert tail.log_p[0] >= tail.log_p[1]


@law
@given(magnitudes, magnitudes, dofs)
def test_order_of_t_is_the_order_of_z(first, second, dof):
    """Any two statistics more than a billionth apart must have their z in the same order."""
    low, high = sorted([first, second])
    tail = t_tail([-high, -low, 0.0, low, high], dof)
    assert (np.diff(tail.z) > 0).all() or high <= low * STEP


@law
@given(magnitudes, dofs)
def test_z_is_odd_in_t(size, dof):
    """z(-t) must be -z(t) to the last bit."""
    tail = t_tail([size, -size], dof)
    assert tail.z[0] == -tail.z[1]


@law
@given(magnitudes, dofs)
def test_the_two_tails_of_t_add_up_to_one(size, dof):
    """P(T >= t) and P(T >= -t) must add up to 1."""
    upper, lower = t_tail([size, -size], dof).p
    assert abs(upper + lower - 1.0) <= 4.5e-16  # seen: 2.3e-16


@law
@given(powers_of_ten(-140, 140), dofs)
def test_f_is_t_squared(t, dof):
    """With one numerator degree of freedom F must be t², and its p two-sided."""
    one, two = t_tail(t, dof), f_tail(t * t, 1, dof)
    expected = np.log(2.0) + one.log_p
    assert abs(two.log_p - expected) <= 1e-12 * max(1.0, abs(expected))  # seen: 2.3e-16


@law
@given(powers_of_ten(-140, 140), dofs, dofs)
def test_the_inverse_of_f_is_f_with_dofs_exchanged(f, dof_num, dof_den):
    """1/F must have the mirrored z, with numerator and denominator exchanged."""
    z, mirrored = f_tail(f, dof_num, dof_den).z, f_tail(1.0 / f, dof_den, dof_num).z
    # 1/f is rounded, and z moves with log f by up to about the root of the smaller dof.
    scale = max(1.0, abs(z), np.sqrt(min(dof_num, dof_den)))
    assert abs(z + mirrored) <= 1e-12 * scale  # seen: 2e-14


@law
@given(magnitudes, signs, dofs)
def test_z_and_log_p_are_the_same_tail(size, sign, dof):
    """The upper tail of the normal at z must be log p."""
    tail = t_tail(sign * size, dof)
    again = special.log_ndtr(-tail.z)
    # Seen: 5e-13, where p of -t is 1e-300 short of 1; below, log p is subnormal and loses digits.
    np.testing.assert_allclose(again, tail.log_p, rtol=5e-12, atol=1e-300)


@law
@given(magnitudes, dofs, dofs)
def test_t_is_heavier_the_fewer_dofs(t, first, second):
    """Of two t the one with more degrees of freedom must have the larger z, up to t itself."""
    few, many = sorted([first, second])
    z = t_tail(t, [few, many, np.inf]).z
    assert z[0] <= z[1] * (1.0 + 1e-13)  # seen: never larger
    assert z[1] <= z[2] * (1.0 + 1e-13)  # seen: never larger


@law
@given(st.lists(magnitudes, min_size=1, max_size=6), st.lists(dofs, min_size=1, max_size=4))
def test_an_element_does_not_know_its_neighbours(values, dof):
    """Each element of a broadcast must have the bits that it has alone."""
    t, nu = np.array(values), np.array(dof)[:, None]
    together = t_tail(t, nu)
    assert together.z.shape == (len(dof), len(values))
    for i, j in np.ndindex(*together.z.shape):
        alone = t_tail(t[j], nu[i, 0])
        assert (alone.z, alone.log_p) == (together.z[i, j], together.log_p[i, j])
