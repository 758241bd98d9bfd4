"""h and true discoveries as R's hommel has them.

The numbers were made by the C++ core of hommel 1.3 (CRAN): `findalpha` on the sorted p-values,
`findHalpha` on its jumps, `findDiscoveries` on the p-values of a set. On 6 000 random vectors of up
to 400 p-values, and on two of 50 000 and 234 251, it had the h and d found here, each time.
"""

import numpy as np
import pytest

from secondlevel.inference.hommel import closed_testing
from secondlevel.inference.region_bound import in_regions

K = np.arange(1, 2001)
P = (K * 0.6180339887498949 % 1) ** 6
"""2 000 p-values without order, a fifth of them below 0.0001, the smallest 5e-22."""

SETS = [K % 10 == 0, K % 10 == 1, K % 10 == 2, P < 1e-6, P < 1e-3, P < 0.05, P < 0.5, K <= 500]

HOMMEL = {
    0.001: (1696, [22, 19, 20, 199, 304, 304, 304, 59]),
    0.01: (1508, [35, 32, 33, 200, 492, 492, 492, 95]),
    0.05: (1302, [48, 45, 46, 200, 607, 698, 698, 134]),
    0.2: (1036, [65, 62, 63, 200, 627, 964, 964, 184]),
    0.5: (772, [81, 78, 79, 200, 631, 1137, 1228, 234]),
}
"""h, and d of each of the sets, by α."""


@pytest.mark.parametrize("alpha", HOMMEL)
def test_h_and_bounds_are_those_of_hommel(alpha):
    """Sets chosen by their p-values and sets that are not must have hommel's numbers exactly."""
    h, discoveries = HOMMEL[alpha]
    closed = closed_testing(P, alpha)
    assert closed.h == h
    found = [in_regions(closed.steps, chosen.astype(int), 1)[0] for chosen in SETS]
    assert found == discoveries
