"""A design is split into tested and nuisance parts that span it, at right angles."""

import numpy as np
import pytest

from secondlevel.design.contrast import make_contrast
from secondlevel.design.matrix import Design
from secondlevel.design.partition import partition

AGES = np.array([21.0, 34, 55, 47, 62, 29, 38, 44])
GROUPS = np.repeat(np.eye(2), 4, axis=0)
DESIGNS = {
    "one column": (np.ones((8, 1)), [1]),
    "slope": (np.column_stack([AGES, np.ones(8)]), [1, 0]),
    "groups": (GROUPS, [-1, 1]),
    "groups and age": (np.column_stack([GROUPS, AGES]), [-1, 1, 0]),
    "rank deficient": (np.column_stack([GROUPS, np.ones(8), AGES]), [-1, 1, 0, 0]),
    "F": (np.column_stack([GROUPS, AGES]), [[1, 0, 0], [0, 1, 0]]),
    "F of all": (np.column_stack([GROUPS, AGES]), np.eye(3)),
    "redundant rows": (np.column_stack([GROUPS, AGES]), [[1, -1, 0], [-2, 2, 0], [0, 0, 1]]),
    "units": (np.column_stack([GROUPS * 1e9, AGES * 1e-9]), [-1, 1, 0]),
}


def split(name):
    """A design, the weights of its contrast, and its parts."""
    matrix, weights = DESIGNS[name]
    design = Design(matrix, [f"x{i}" for i in range(matrix.shape[1])])
    contrast = make_contrast(weights, design)
    return matrix, contrast.weights, partition(design, contrast)


@pytest.mark.parametrize("name", DESIGNS)
def test_parts_are_orthonormal_and_span_the_design(name):
    """Tested and nuisance columns, k and q of them, make one basis of the design's columns."""
    matrix, weights, parts = split(name)
    k, rank = np.linalg.matrix_rank(weights), np.linalg.matrix_rank(matrix / np.abs(matrix).max(0))
    both = parts.both
    assert parts.tested.shape == (8, k)
    assert parts.nuisance.shape == (8, rank - k)
    # Worst difference seen: 1e-15.
    np.testing.assert_allclose(both.T @ both, np.eye(rank), atol=1e-13)
    left = matrix / np.linalg.norm(matrix, axis=0)
    np.testing.assert_allclose(both @ (both.T @ left), left, atol=1e-13)


@pytest.mark.parametrize("name", DESIGNS)
def test_nuisance_is_what_the_contrast_does_not_see(name):
    """Maps made of nuisance must have a contrast of 0, those of the tested part have not."""
    matrix, weights, parts = split(name)
    scale = np.linalg.norm(matrix, axis=0)
    fitted = np.linalg.pinv(matrix / scale, rcond=1e-10) / scale[:, None]
    effect = weights @ fitted
    size = np.linalg.norm(effect)
    np.testing.assert_allclose(effect @ parts.nuisance / size, 0.0, atol=1e-13)  # seen: 6e-16
    assert np.linalg.matrix_rank(effect @ parts.tested / size) == parts.tested.shape[1]


@pytest.mark.parametrize("name", ["one column", "slope", "groups", "groups and age", "units"])
def test_a_single_tested_column_has_the_sign_of_the_effect(name):
    """It must be the weights of the estimate, M(MᵀM)⁻¹c, brought to unit length."""
    matrix, weights, parts = split(name)
    scale = np.linalg.norm(matrix, axis=0)
    expected = (weights / scale) @ np.linalg.pinv(matrix / scale)
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(parts.tested, expected.T, atol=1e-13)  # worst seen: 2e-16
    # Turning the contrast round turns it round.
    design = Design(matrix, [f"x{i}" for i in range(matrix.shape[1])])
    other = partition(design, make_contrast(-weights, design))
    np.testing.assert_array_equal(other.tested, -parts.tested)
    np.testing.assert_array_equal(other.raw, -parts.raw)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_raw_part_spans_what_the_contrast_weighs(name):
    """The raw part must span M C⁺, and leave beside nuisance what the tested part spans."""
    matrix, weights, parts = split(name)
    columns = matrix @ np.linalg.pinv(weights)
    k = parts.raw.shape[1]
    assert k == np.linalg.matrix_rank(weights)
    np.testing.assert_allclose(parts.raw.T @ parts.raw, np.eye(k), atol=1e-13)
    columns = columns / np.abs(columns).max()
    np.testing.assert_allclose(parts.raw @ (parts.raw.T @ columns), columns, atol=1e-13)
    # Beside nuisance the raw part leaves what the tested one does: a multiple for one column.
    left = parts.raw - parts.nuisance @ (parts.nuisance.T @ parts.raw)
    np.testing.assert_allclose(parts.tested @ (parts.tested.T @ left), left, atol=1e-13)
    if k == 1:
        assert (parts.tested.T @ left).item() > 0


def test_the_raw_part_of_one_column_is_the_column():
    """For the slope on age these are the ages as they stand, whatever their unit."""
    for unit in (1e-12, 1.0, 1e12):
        design = Design(np.column_stack([np.ones(8), AGES * unit]), ["one", "age"])
        parts = partition(design, make_contrast("age", design))
        # Worst difference seen: 1e-16.
        np.testing.assert_allclose(parts.raw[:, 0], AGES / np.linalg.norm(AGES), rtol=1e-14)
