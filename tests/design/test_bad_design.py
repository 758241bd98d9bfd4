"""A design matrix that cannot be used is refused before a map is read: row and column are named."""

import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.design.build import load_design_table
from secondlevel.errors import DesignError, DesignNotFoundError, InputTypeError
from secondlevel.streaming.disk import VolumeReader


@pytest.fixture
def refuse(paths, mask_img, monkeypatch):
    """Fit a design that must be refused without a voxel being read."""

    def never(*args):
        pytest.fail("voxels were read")

    monkeypatch.setattr(VolumeReader, "read", never)

    def refuse(design, message, error=DesignError):
        model = SecondLevelModel(mask_img)
        with pytest.raises(error, match=message) as caught:
            model.fit(paths, design_matrix=design)
        return caught.value

    return refuse


def table(values, **others):
    """A design with a column `age` of the values."""
    return pd.DataFrame({"age": values, **others, "intercept": 1.0})


# ------------------------------------------------------------------ values

NUMBERS = [21, 34, 55, 47, 62, 29, 38]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            [21, 34, np.nan, 47, np.nan, 29, 38],
            r"design matrix contains NaN values: column 'age', row 2, 2 in all\. Fill them in, or",
            id="NaN",
        ),
        pytest.param(
            pd.array([21, 34, None, 47, 62, 29, 38], dtype="Int64"),
            r"contains NaN values: column 'age', row 2, 1 in all",
            id="NA among whole numbers",
        ),
        pytest.param(
            [21, 34, 55, 47, 62, 29, -np.inf],
            r"contains infinite values: column 'age', row 6, 1 in all",
            id="infinite",
        ),
        pytest.param(
            [21, 34, "unknown", 47, 62, 29, 38],
            r"not a number: 'unknown' in row 2, of type object\. Code groups .*get_dummies",
            id="text among numbers",
        ),
        pytest.param(
            list("mfmfmff"),
            r"'age' of the design matrix .* not a number: 'm' in row 0, of type str\. Code groups",
            id="text",
        ),
        pytest.param(
            ["21", "34", "55", "n/a", "62", "29", "38"],
            r"not a number: 'n/a' in row 3, of type str",
            id="numbers as text, with a gap",
        ),
        pytest.param(
            ["21", "34", "55", "47", "62", "29", "38"],
            r"not a number: '21' in row 0, of type str\. Convert the column with pandas\.to_num",
            id="numbers as text",
        ),
        pytest.param(
            pd.Categorical(list("abababa")),
            r"not a number: 'a' in row 0, of type category\. Code groups",
            id="categories",
        ),
        pytest.param(
            pd.Categorical([1, 2, 1, 2, 1, 2, 1]),
            r"not a number: 1 in row 0, of type category\. Code groups",
            id="categories called by numbers",
        ),
        pytest.param(
            pd.date_range("2020-01-01", periods=7),
            r"not a number: Timestamp.* in row 0, of type datetime64.* Turn dates and durations",
            id="dates",
        ),
        pytest.param(
            pd.to_timedelta(range(7), unit="D"),
            r"not a number: Timedelta.* in row 0, of type timedelta64.* Turn dates and durations",
            id="durations",
        ),
        pytest.param(
            [1j, 2, 3, 4, 5, 6, 7],
            r"not a number: 1j in row 0, of type complex128\. Use the real part or the magnitude",
            id="complex",
        ),
        pytest.param(
            [[1], [2], [3], [4], [5], [6], [7]],
            r"not a number: \[1\] in row 0, of type object",
            id="lists",
        ),
        pytest.param(
            [10**400, 2, 3, 4, 5, 6, 7],
            r"not a number: 1000+\.\.\.0+ in row 0, of type object",
            id="too large for a float",
        ),
    ],
)
def test_what_is_no_finite_real_number_is_shown_with_row_and_column(values, message, refuse):
    """Gaps, text, categories, dates and complex numbers are never turned into something else."""
    refuse(table(values), message)


def test_booleans_and_whole_numbers_are_numbers():
    """True is one and false is zero, whatever the type of the column."""
    groups = [True, False, True, True]
    given = pd.DataFrame(
        {
            "boolean": groups,
            "nullable": pd.array(groups, dtype="boolean"),
            "object": np.array(groups, dtype=object),
            "whole": pd.array([1, 0, 1, 1], dtype="Int8"),
            "mixed": np.array([1, 0.0, True, np.float32(1)], dtype=object),
        }
    )
    found = load_design_table(given)
    assert set(found.dtypes) == {np.dtype(np.float64)}
    np.testing.assert_array_equal(found, np.outer([1, 0, 1, 1], np.ones(5)))


def test_rows_are_called_by_their_label_where_they_have_one(refuse):
    """With labels of subjects, a message gives row and subject."""
    values = [21, 34, np.nan, 47, 62, 29, 38]
    refuse(table(values).set_axis(list("abcdefg"), axis=0), r"column 'age', row 2 \(c\), 1 in all")
    refuse(table(values, subject_label=list("abcdefg")), r"column 'age', row 2 \(c\), 1 in all")


# ------------------------------------------------------------------ shape and names


@pytest.mark.parametrize(
    ("design", "rows", "columns"),
    [
        (pd.DataFrame(), 0, 0),
        (pd.DataFrame({"age": []}), 0, 1),
        (pd.DataFrame(index=range(7)), 7, 0),
        (pd.DataFrame({"subject_label": list("abcdefg")}), 7, 0),
    ],
)
def test_an_empty_design_is_refused(design, rows, columns, refuse):
    """Without rows or columns there is no question."""
    refuse(design, rf"The design matrix is empty: {rows} rows, {columns} columns\. Give one row")


@pytest.mark.parametrize(
    ("names", "repeated"),
    [
        (["age", "age", "sex"], "age"),
        (["age", "age", "age"], "age"),
        (["1", 1, 2], "1"),
        (["a", "b", "a"], "a"),
        (["", "", "age"], "''"),
        (["subject_label", "subject_label", "age"], "subject_label"),
    ],
)
def test_columns_have_names_of_their_own(names, repeated, refuse):
    """A name that stands there twice is named once, empty or a number or not."""
    design = pd.DataFrame(np.random.default_rng(0).normal(size=(7, 3)), columns=names)
    message = rf"Design matrix columns do not have unique names: {repeated}\. Rename or drop"
    refuse(design, message)


def test_a_saturated_model_is_refused_at_fit(refuse):
    """As many independent columns as maps leave nothing to estimate a variance from."""
    rng = np.random.default_rng(0)
    for n_columns in (7, 9):
        names = [f"x{i}" for i in range(n_columns)]
        design = pd.DataFrame(rng.normal(size=(7, n_columns)), columns=names)
        message = r"saturated: 7 maps and a design matrix of rank 7 \(x0, x1, .* Use more maps or"
        refuse(design, message)


def test_a_design_of_zeros_asks_nothing(refuse):
    """Zeros throughout are refused at fit, not at the first contrast."""
    refuse(table(np.zeros(7)) * 0, r"zero throughout \(age, intercept\): it asks nothing")


@pytest.mark.parametrize("given", [np.ones((7, 1)), [1] * 7, {"a": [1] * 7}, 3])
def test_a_design_is_a_table_or_its_path(given, refuse):
    """Without names of columns no contrast could be written."""
    message = r"'design_matrix' must be a str, pathlib\.Path or a pandas\.DataFrame\.\nGot "
    refuse(given, message, InputTypeError)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("name", ["design", "design.xlsx", "design.txt", "design.csv.gz"])
def test_a_design_file_is_csv_or_tsv(name, refuse, tmp_path):
    """The ending says how columns are separated."""
    refuse(tmp_path / name, rf"Tables to load can only be TSV or CSV\.\nGot .*{name}")


def test_a_missing_design_file_is_named(refuse, tmp_path):
    """The error is of both kinds that callers catch for it."""
    error = refuse(
        tmp_path / "gone.csv", r"Design matrix file not found: '.*gone\.csv'", DesignNotFoundError
    )
    assert isinstance(error, FileNotFoundError)
    assert str(error).startswith("Design matrix file not found")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "cannot be read as a table: No columns", id="empty"),
        pytest.param(
            b"\x1f\x8b\x08\xff\x00" * 50, "cannot be read as a table: 'utf-8'", id="binary"
        ),
        pytest.param(bytes(range(128)) * 20, r"cannot be read|not a number|seems", id="garbage"),
        pytest.param("age\n21\n".encode("utf-16"), "cannot be read as a table", id="utf-16"),
        pytest.param(b"a,b\n1,2\n1,2,3,4\n", "cannot be read as a table: .* line 3", id="ragged"),
        pytest.param(b"age,age\n1,2\n", "do not have unique names: age", id="name twice"),
        pytest.param(b"age,sex\n", "empty: 0 rows, 2 columns", id="no rows"),
        pytest.param(b"age;sex\n1;2\n", "one column called 'age;sex'", id="semicolons"),
        pytest.param(b"age\tsex\n1\t2\n", "one column called 'age\tsex'", id="tabs"),
        pytest.param(b"age,sex\n1,f\n", "Column 'sex' .* not a number: 'f' in row 0", id="text"),
        pytest.param(b"age,sex\n1,\n", "NaN values: column 'sex', row 0", id="gap"),
        pytest.param(b"age,sex\n1,n/a\n", "NaN values: column 'sex', row 0", id="n/a"),
    ],
)
def test_a_file_that_is_no_table_of_numbers_is_refused(content, message, refuse, tmp_path):
    """Whatever a file holds, the error is about the design, and names file, row or column."""
    path = tmp_path / "design.csv"
    path.write_bytes(content)
    refuse(path, message)


def test_a_folder_is_no_table(refuse, tmp_path):
    """A folder that is called like a table is told from one."""
    (tmp_path / "design.tsv").mkdir()
    refuse(tmp_path / "design.tsv", r"design\.tsv' cannot be read as a table: .*directory")


def test_commas_are_named_in_a_tsv_file(refuse, tmp_path):
    """A table with the wrong ending is one column, which is said."""
    path = tmp_path / "design.tsv"
    path.write_text("age,sex\n1,2\n")
    refuse(path, r"one column called 'age,sex'.* those of a \.tsv file by tabs")
