"""From a fit and its maps to a permutation test: subjects as blocks, neighbours, what is first."""

import dataclasses

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from secondlevel import ClusterSummary, SecondLevelModel, TFCESummary
from secondlevel.claims.permutation import permute_fit
from secondlevel.design.matrix import Design
from secondlevel.errors import BlockError, ContrastError, InputError
from secondlevel.inference.tfce import Enhancement, enhance
from secondlevel.permutation.options import Options

SHAPE = (5, 6, 7)
SUBJECTS = ["c", "a", "b", "d", "c", "a", "b", "d"]
DESIGN = Design(
    np.column_stack(
        [np.repeat([0.0, 1.0], 4), *(np.array(SUBJECTS) == name for name in "abcd")]
    ).astype(float),
    ["after", *"abcd"],
)


@pytest.fixture(scope="module")
def model():
    """Eight maps of four subjects."""
    rng = np.random.default_rng(88)
    data = rng.normal(size=(8, *SHAPE))
    data[4:, 1:4, 1:4, 2:5] += 2.5
    maps = [nib.Nifti1Image(volume, np.eye(4)) for volume in data]
    mask = nib.Nifti1Image(np.ones(SHAPE, dtype="u1"), np.eye(4))
    table = pd.DataFrame(DESIGN.matrix, columns=DESIGN.names)
    return SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=table)


@pytest.fixture(scope="module")
def fit(model):
    """What is known of them."""
    return model._study.fit(None, lambda n: None)


@pytest.fixture
def ask(fit):
    """Test `after`, with the subjects as blocks unless other options are given."""

    def call(contrast="after", labels=SUBJECTS, connectivity=26, verbose=0, **keywords):
        asked = {"exchangeability_blocks": "subject", "n_perm": 100, **keywords}
        return permute_fit(
            fit,
            lambda: fit.data,
            DESIGN,
            labels,
            contrast,
            Options(**asked),
            connectivity=connectivity,
            verbose=verbose,
        )

    return call


def test_subjects_become_blocks(ask):
    """The blocks "subject" are the labels as a list: all 16 swaps of two maps of a subject."""
    with pytest.warns(match="only 16 distinct shuffles"):
        found = ask()
    with pytest.warns(match="only 16 distinct shuffles"):
        expected = ask(labels=[None] * 8, exchangeability_blocks=SUBJECTS)
    assert found.n_shuffles == 16
    assert found.shuffles.errors == "permute"
    np.testing.assert_array_equal(found[0].p, expected[0].p)
    for order in found.shuffles.batch(0, 16).order:
        assert [SUBJECTS[row] for row in order] == SUBJECTS


@pytest.mark.parametrize(
    ("labels", "blocks", "message"),
    [
        ([None] * 8, "subject", "hand over a table with a column `subject_label`, or give the"),
        ([*SUBJECTS[:7], None], "subject", "needs to know whose each map is"),
        (SUBJECTS, "Subject", "or 'subject' for the subjects of the input. Got 'Subject'"),
    ],
)
def test_subjects_that_are_not_known_are_no_blocks(ask, labels, blocks, message):
    """Every map must say whose it is, and the word must be the right one."""
    with pytest.raises(BlockError, match=message):
        ask(labels=labels, exchangeability_blocks=blocks)


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_neighbours_are_those_asked_for(ask, connectivity):
    """Clusters are those of a flood fill through faces, edges or corners."""
    found = ask(
        connectivity=connectivity,
        exchangeability_blocks=None,
        summaries=[ClusterSummary(z=1.2)],
        random_state=0,
    )[0]
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    labels, n_clusters = ndimage.label(found.heights.reshape(SHAPE) >= 1.2, structure)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    assert n_clusters > 1
    np.testing.assert_array_equal(found.summaries["size"].observed, sizes[labels].ravel())


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_the_weight_of_the_extent_is_the_usual_one(kind, model, make_surface):
    """TFCE has E = 0.5 in volumes and 1 on surfaces, unless another is given."""
    fitted = model
    contrast = "after"
    if kind == "surface":
        images = [make_surface(seed) for seed in range(7)]
        table = pd.DataFrame({"mean": [1.0] * 7})
        fitted, contrast = SecondLevelModel().fit(images, design_matrix=table), "mean"
    graph = fitted._study.analysed.graph(26)
    for given, extent in ((None, 0.5 if kind == "volume" else 1.0), (0.7, 0.7)):
        found = fitted.permute(
            contrast, n_perm=2, random_state=0, summaries=[TFCESummary(E=given)]
        ).result[0]
        scores = enhance(graph, found.heights, Enhancement(extent, 2.0, two_sided=False))
        np.testing.assert_array_equal(found.summaries["tfce"].observed, scores)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"contrast": "before"}, ContrastError, "'before' is not defined"),
        ({"contrast": {"a": "after", "b": "before"}}, ContrastError, "'before' is not defined"),
        ({"contrast": {}}, ContrastError, "dict of contrasts is empty"),
        ({"contrast": pd.Series({"before": 1.0})}, ContrastError, "weighs 'before'"),
        ({"connectivity": 8}, InputError, "Got 8"),
        ({"labels": [None] * 8}, BlockError, "a column `subject_label`"),
    ],
)
def test_maps_are_asked_for_last(fit, changed, error, message):
    """What is wrong with the question is told before maps are handed over."""

    def read():
        raise AssertionError("maps were read")

    asked = {"contrast": "after", "labels": SUBJECTS, "connectivity": 26} | changed
    connectivity = asked.pop("connectivity")
    with pytest.raises(error, match=message):
        permute_fit(
            fit,
            read,
            DESIGN,
            asked["labels"],
            asked["contrast"],
            Options(exchangeability_blocks="subject"),
            connectivity=connectivity,
        )


def test_a_fit_of_fewer_elements_is_asked_there(fit):
    """The maps that are handed over are those of the fit's elements, whatever the mask was."""
    some = np.arange(40, 130)
    data = fit.data[:, some]
    full = permute_fit(
        fit, lambda: fit.data, DESIGN, SUBJECTS, "after", Options(n_perm=60, random_state=1)
    )
    mask = np.zeros(210, dtype="u1")
    mask[some] = 1
    maps = [nib.Nifti1Image(row.reshape(SHAPE), np.eye(4)) for row in fit.data]
    smaller = SecondLevelModel(nib.Nifti1Image(mask.reshape(SHAPE), np.eye(4)))
    smaller.fit(maps, design_matrix=pd.DataFrame(DESIGN.matrix, columns=DESIGN.names))
    part = permute_fit(
        smaller._study.fit(None, lambda n: None),
        lambda: data,
        DESIGN,
        SUBJECTS,
        "after",
        Options(n_perm=60, random_state=1),
    )
    # Worst seen: 0.
    np.testing.assert_allclose(part[0].statistic, full[0].statistic[some], rtol=1e-12)
    assert (part[0].p <= full[0].p[some]).all()
    assert (part[0].p < full[0].p[some]).any()


def test_options_are_not_changed(fit):
    """What was asked stays as it was: blocks "subject", E not resolved."""
    options = Options(
        exchangeability_blocks="subject", n_perm=16, summaries=[TFCESummary()], random_state=0
    )
    before = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    with pytest.warns(match="only 16 distinct"):
        permute_fit(fit, lambda: fit.data, DESIGN, SUBJECTS, "after", options)
    assert {name: getattr(options, name) for name in before} == before


def test_a_bar_counts_shuffles_when_asked_for(ask, capsys):
    """Nothing is printed by default; with ``verbose=1`` a bar goes to the end on stderr."""
    ask(exchangeability_blocks=None, random_state=0)
    assert capsys.readouterr() == ("", "")
    ask(exchangeability_blocks=None, random_state=0, verbose=1)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100/100" in shown.err
