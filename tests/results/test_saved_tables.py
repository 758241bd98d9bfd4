"""Tables on disk: what was written comes back, whatever stood in it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secondlevel.errors import InputError
from secondlevel.results.tables import load_table, save_table

texts = st.text(st.characters(codec=None), max_size=6) | st.sampled_from(
    [
        "",
        "1",
        "1a",
        "nan",
        "inf",
        "True",
        "1_0",
        "\r",
        "\r\n",
        '"',
        "\t",
        "#",
        " a ",
        "\udcff",
        "\0",
    ]
)
whole = st.integers(-(2**63), 2**63 - 1)
real = st.floats(width=64)
KINDS = {
    "f8": real,
    "f4": st.floats(width=32),
    "i8": whole,
    "i4": st.integers(-(2**31), 2**31 - 1),
    "u1": st.integers(0, 255),
    "?": st.booleans(),
    "str": texts,
    "O": texts | whole | real | st.booleans(),
}


@st.composite
def tables(draw):
    """Tables with columns of any kind and any name, and any number of rows, none included."""
    n_rows = draw(st.integers(0, 4))
    names = draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(sorted(KINDS)))
        values = draw(st.lists(KINDS[kind], min_size=n_rows, max_size=n_rows))
        columns[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(columns)


def bits(values):
    """What tells numbers apart that compare as equal: 0 and -0, 1 and 1.0 and True."""
    return [(type(value), repr(value)) for value in values]


@settings(deadline=None)
@given(table=tables())
@example(table=pd.DataFrame({"": [""]}))
@example(table=pd.DataFrame({"a": [np.nan]}))
@example(table=pd.DataFrame({"a": pd.Series([1, 1.0, True, "1", "", np.nan, -0.0], dtype=object)}))
def test_tables_come_back_as_they_were(table, tmp_path_factory):
    """Every number to the bit, every text, the type of every column and of every value in it."""
    path = tmp_path_factory.mktemp("tables") / "table.tsv"
    loaded = load_table(path, save_table(table, path))
    pd.testing.assert_frame_equal(loaded, table, check_exact=True)
    for name in table:
        assert bits(loaded[name].tolist()) == bits(table[name].tolist())


def test_other_programs_read_the_same(tmp_path):
    """Pandas reads numbers, names in quotes and missing numbers as they were meant."""
    table = pd.DataFrame(
        {
            "Cluster ID": pd.Series([1, "1a", 2], dtype=object),
            'a "name",\twith signs': ["x", "y\nz", "ü"],
            "Size": pd.Series([27.0, "", 13.5], dtype=object),
            "p": [5e-324, np.nan, 1 / 3],
        }
    )
    save_table(table, tmp_path / "table.tsv")
    read = pd.read_csv(tmp_path / "table.tsv", sep="\t")
    assert list(read) == list(table)
    assert read["Cluster ID"].tolist() == ["1", "1a", "2"]
    assert read.iloc[:, 1].tolist() == table.iloc[:, 1].tolist()
    np.testing.assert_array_equal(read["Size"], [27.0, np.nan, 13.5])
    np.testing.assert_array_equal(read["p"], table["p"])


@pytest.mark.parametrize("value", [None, 1j, (1, 2), pd.NaT])
def test_what_is_no_number_and_no_text_is_refused(value, tmp_path):
    """Rather than to come back as something else."""
    column = pd.Series([value], dtype=object)
    with pytest.raises(InputError, match="hold numbers and text"):
        save_table(pd.DataFrame({"a": column}), tmp_path / "table.tsv")


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "a\tc\n1\t2\n",
        "a\tb\n1\n",
        "a\tb\n",
        "a\tb\n1\tx\n",
        "a\tb\nTrue\t2\n3\t2\n",
        b"a\tb\n\xff",
    ],
)
def test_damage_is_found(damaged, tmp_path):
    """Other columns, rows cut off, text among numbers, bytes that are no text."""
    path = tmp_path / "table.tsv"
    form = save_table(pd.DataFrame({"a": [True], "b": [2]}), path)
    path.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(InputError, match=r"table\.tsv' is damaged"):
        load_table(path, form)
    path.unlink()
    with pytest.raises(InputError, match=r"table\.tsv' is missing"):
        load_table(path, form)
