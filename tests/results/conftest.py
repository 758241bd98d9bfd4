"""What tests of saved results share: results compared to the bit, folders, parts of results."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest

from secondlevel import ClusterSummary


def assert_equal(one, other, at="results"):
    """Compare records to the bit: numbers, text, types, tables, images and their headers."""
    if hasattr(one, "mesh"):
        assert_same_surface(one, other, at)
    elif hasattr(one, "dataobj"):
        assert_same_volume(one, other, at)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, obj=at)
        for name in one:
            assert bits_of(one[name]) == bits_of(other[name]), (at, name)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, at
        assert one.shape == other.shape, at
        assert one.tobytes() == other.tobytes(), at
    else:
        assert type(one) is type(other), (at, one, other)
        inner, theirs = parts_of(one), parts_of(other)
        assert list(inner) == list(theirs), at
        for name, value in inner.items():
            assert_equal(value, theirs[name], f"{at}.{name}")
        assert inner or one == other or np.isnan([one, other]).all(), (at, one, other)


def bits_of(column):
    """What tells values apart that compare as equal: 1 and 1.0, 0 and -0."""
    return [(type(value), repr(value)) for value in column.tolist()]


def parts_of(value):
    """What a record, a dict or a sequence holds, by name or number; nothing of a plain value."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {}


def assert_same_surface(one, other, at):
    """Compare meshes and values."""
    for part, mesh in one.mesh.parts.items():
        assert_equal(mesh.coordinates, other.mesh.parts[part].coordinates, f"{at} mesh")
        assert_equal(mesh.faces, other.mesh.parts[part].faces, f"{at} triangles")
        assert_equal(one.data.parts[part], other.data.parts[part], f"{at} {part}")


def assert_same_volume(one, other, at):
    """Compare values, places and headers."""
    assert_equal(np.asanyarray(one.dataobj), np.asanyarray(other.dataobj), at)
    assert np.array_equal(one.affine, other.affine), at
    assert one.header.binaryblock == other.header.binaryblock, at


@pytest.fixture
def assert_same():
    """Compare two results to the bit: numbers, text, types, tables, images and headers."""
    return assert_equal


@pytest.fixture(scope="session")
def shuffled_results(group_model):
    """Results with a permutation run, nothing found in one contrast, and a name of markup."""
    asked = {"<script>": "patient - control", 'a,\t"b"': "age", "any": ["control", "patient"]}
    run = group_model.permute(
        {"<script>": "patient - control"},
        summaries=[ClusterSummary(p=0.001)],
        sides="both",
        connectivity=6,
        n_perm=60,
        random_state=4,
    )
    return group_model.results(
        asked, two_sided=True, height_control="fdr", alpha=0.001, permutation=run
    )


@pytest.fixture(scope="session")
def one_contrast(group_results):
    """Results of one contrast alone, to be quick."""
    return replace(group_results, contrasts=group_results.contrasts[:1])


@pytest.fixture
def everything_in():
    """Read names and contents of all files of a folder, and names of all folders."""

    def read(folder):
        return {
            path.relative_to(folder): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")
        }

    return read
