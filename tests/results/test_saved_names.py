"""Names of files: as nilearn chooses them, all different, and such that file systems hold them."""

import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nilearn.glm._base import _clean_contrast_name

from secondlevel.errors import InputTypeError
from secondlevel.results.names import FileNames, stem_of, stems_of

names = st.text(max_size=12) | st.text("ab1 -+><_*'/.üß漢\n", max_size=12)


@given(name=names)
@example(name="patient - control")
@example(name="[ 1 -1  0]")
@example(name="<script>")
@example(name="ß - ǆ")
def test_stems_are_nilearns(name):
    """Of any name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert stem_of(name) == _clean_contrast_name(name)


@given(given_names=st.lists(names | st.text("aA", min_size=80, max_size=300), max_size=6))
@example(given_names=["a > b", "a>b", "A>B", "***", "***"])
@example(given_names=["a", "a", "a2"])
def test_contrasts_are_told_apart(given_names):
    """Whatever they are called: letters and digits, no two the same, even where case is lost."""
    stems = stems_of(given_names)
    assert len(stems) == len(given_names)
    assert len({stem.lower() for stem in stems}) == len(stems)
    for stem in stems:
        assert stem.isalnum()
        name = FileNames("").contrast_map(stem, "thresholdedz").part("left", 163842)
        assert len(name.encode()) < 230


@given(given_names=st.lists(names, max_size=6))
def test_names_that_differ_keep_their_stems(given_names):
    """A number is added only to those that need one."""
    plain = [stem_of(name) for name in given_names]
    if all(plain) and len({stem.lower() for stem in plain}) == len(plain):
        assert list(stems_of(given_names)) == plain


@pytest.mark.parametrize("prefix", ["study", "study_"])
def test_a_prefix_stands_before_all_names(prefix):
    """With one underscore, whoever wrote it."""
    files = FileNames(prefix)
    assert files.file("design.tsv") == "study_design.tsv"
    assert files.of_contrast("age", "clusters.tsv") == "study_contrast-age_clusters.tsv"
    assert files.map("mask").volume == "study_mask.nii.gz"
    assert files.map("mask").part("right", 642) == "study_hemi-R_den-642_mask.gii"


@pytest.mark.parametrize("prefix", ["../x", "a/b", "/", 3, None])
def test_a_prefix_that_is_no_name_is_refused(prefix):
    """It would lead to another folder."""
    with pytest.raises(InputTypeError, match="prefix must be text that can stand in a file name"):
        FileNames(prefix)
