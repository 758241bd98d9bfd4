"""What cannot be asked of a permutation test is refused at the door, in words that help."""

import re

import numpy as np
import pytest

from secondlevel.errors import (
    BlockError,
    ContrastError,
    DesignError,
    InputError,
    InputTypeError,
    PermutationWarning,
)
from secondlevel.graph.lattice import Lattice
from secondlevel.permutation.arrays import permutation_test
from secondlevel.permutation.options import Keywords, Options
from secondlevel.permutation.summaries.clusters import ClusterSummary
from secondlevel.permutation.summaries.enhancement import TFCESummary

V = 12
GRAPH = Lattice(np.ones((3, 4, 1), dtype=bool), np.eye(4)).graph(6)
DATA = np.random.default_rng(0).normal(size=(10, V))
DESIGN = np.repeat(np.eye(2), 5, axis=0)


def run(data=DATA, design=DESIGN, contrast="x1 - x0", **keywords):
    """Test a difference of two groups of five, or what is asked for otherwise."""
    return permutation_test(data, design, contrast, **keywords)


def test_options_and_their_types_are_the_same():
    """Each keyword that a type checker knows is an option, and each option a keyword."""
    assert set(Keywords.__annotations__) == set(Options.__dataclass_fields__)


def test_options_are_chosen_by_name():
    """Sides, method, clusters and enhancement come as objects; E is that of the space."""
    asked = Options(summaries=[TFCESummary(), ClusterSummary(p=0.01)], sides="both")
    assert asked.chosen_sides.two_sided
    assert asked.chosen_method.label == "Freedman–Lane"
    assert asked.clusters == ClusterSummary(p=0.01)
    assert asked.enhancement == TFCESummary()
    assert asked.resolved(on_surface=False).enhancement.E == 0.5
    assert asked.resolved(on_surface=True).enhancement.E == 1.0
    assert Options().clusters is Options().enhancement is None


NO_NUMBER = (InputTypeError, "must be a whole number")
REFUSED = {
    "n_perm": {
        0: (InputError, "n_perm must be a whole number from 1 on, the observed labelling included"),
        -5: (InputError, "Got -5"),
        2.5: (InputError, r"Got 2\.5"),
        np.nan: (InputError, "Got nan"),
        1e13: (InputError, "n_perm"),
        "many": (InputTypeError, "Got 'many'"),
        True: (InputTypeError, "Got True"),
        None: (InputTypeError, "Got None"),
    },
    "random_state": {
        "seed": (InputTypeError, r"a whole number .* a numpy Generator, a RandomState, or None"),
        1.5: (InputTypeError, "Got 1.5"),
        True: (InputTypeError, "Got True"),
        -1: (InputError, "from 0 to below"),
        2**63: (InputError, "from 0 to below"),
    },
    "n_jobs": {
        0: (InputError, "n_jobs must not be 0: 1 is one thread, -1 one per core"),
        1.5: NO_NUMBER,
        "all": NO_NUMBER,
        True: NO_NUMBER,
    },
    "batch_size": {
        0: (InputError, "a whole number of shuffles, 1 or more, or None. Got 0"),
        2.5: (InputError, r"Got 2\.5"),
        np.inf: (InputError, "Got inf"),
        "big": (InputTypeError, "Got 'big'"),
        True: (InputTypeError, "Got True"),
    },
    "alpha": {
        -0.1: (InputError, "alpha should be between 0 and 1"),
        2.3: (InputError, "looks like a z"),
        "5%": (InputTypeError, "alpha should be a number"),
    },
    "uncorrected": {1: (InputTypeError, "uncorrected must be True or False. Got 1")},
    "sides": {
        "two": (InputError, "'positive', 'negative', 'both', 'each'. Got 'two'"),
        None: (InputError, "Got None"),
    },
    "scale": {"log": (InputError, "scale must be one of 'stat', 'z'. Got 'log'")},
    "statistic": {
        "r": (InputError, "one of 'auto', 't', 'F', 'partial_r', 'v', 'G'. Got 'r'"),
        "v": (InputError, "needs variance_groups: the group of every map"),
        "F": (ContrastError, r"statistic='F' does not go with .* of one row, tested with t"),
    },
    "stat_type": {"z": (ContrastError, "'t', 'F' or None")},
    "tail": {"normal": (InputError, "tail must be one of 'exact', 'gpd'. Got 'normal'")},
    "method": {"huh-jhun": (InputError, "method must be one of 'freedman-lane'")},
    "errors": {"swap": (InputError, "'permute' (errors are exchangeable), 'flip' (they are")},
    "stop_when": {"bored": (InputError, "stop_when must be one of None, 'decided'. Got 'bored'")},
    "bootstrap": {True: (InputTypeError, "permutation_test has no keyword bootstrap. It takes")},
}


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [(name, value, *said) for name, bad in REFUSED.items() for value, said in bad.items()],
)
def test_what_is_no_option_is_refused(name, value, error, words):
    """The error must name the parameter, what is wanted, and what came."""
    words = words if "\\" in words or ".*" in words else re.escape(words)
    with pytest.raises(error, match=words) as caught:
        run(**{name: value})
    assert name in str(caught.value)


def test_sides_and_names_that_are_no_text_are_refused():
    """An array of a name is none."""
    for name in ("sides", "scale", "tail", "stop_when", "statistic"):
        with pytest.raises(InputError, match=f"{name} must be one of"):
            run(**{name: np.array(["z"])})


SUMMARIES = "a list of at most one ClusterSummary and one TFCESummary; the largest statistic is"


@pytest.mark.parametrize(
    "summaries",
    [
        None,
        "tfce",
        [ClusterSummary(z=2), ClusterSummary(z=3)],
        [ClusterSummary],
        ["tfce"],
        {TFCESummary()},
        [TFCESummary(), TFCESummary()],
    ],
)
def test_summaries_are_a_list_of_one_of_each(summaries):
    """Anything else must be shown in the error."""
    with pytest.raises(InputError, match=SUMMARIES):
        run(summaries=summaries, graph=GRAPH)


def test_a_single_summary_is_put_into_a_list():
    """The message says how."""
    with pytest.raises(
        InputTypeError, match=r"is a list: write summaries=\[ClusterSummary\(...\)\]"
    ):
        run(summaries=ClusterSummary(z=2), graph=GRAPH)


def test_summaries_need_a_graph_of_the_elements():
    """Without one, with one of other elements, or with something else it is said what is wanted."""
    with pytest.raises(InputError, match=r"which elements are neighbours: give graph="):
        run(summaries=[TFCESummary()])
    with pytest.raises(InputError, match="The graph has 12 elements, the maps have 5"):
        run(data=DATA[:, :5], summaries=[TFCESummary()], graph=GRAPH)
    with pytest.raises(InputTypeError, match=r"Lattice\(mask, affine\).graph\(26\).*Got ndarray"):
        run(graph=np.eye(V))


def test_what_does_not_go_together_is_refused():
    """Stopping watches corrected p alone; groups of variance have their own statistic."""
    with pytest.raises(InputError, match=r"watches corrected p-values.*Use uncorrected=False"):
        run(stop_when="decided", uncorrected=True)
    with pytest.raises(InputError, match=r"With variance_groups the statistic is v or G, not t"):
        run(variance_groups=[0] * 5 + [1] * 5, statistic="t")


def test_f_has_no_sides():
    """The error must say so, and what to leave out."""
    for sides in ("both", "negative", "each"):
        with pytest.raises(ContrastError, match="large whatever the sign of the effect"):
            run(contrast=["x0", "x1"], errors="flip", sides=sides)


def with_nan(value):
    """The data, with something that is no number in map 3."""
    data = DATA.copy()
    data[3, 4:6] = value
    return data


NO_TABLE = "Data are numbers, maps as rows, elements as columns. Got"
DATA_REFUSED = {
    "nan": (with_nan(np.nan), InputError, "Map 3 has NaN or infinite values at 2 elements"),
    "inf": (with_nan(-np.inf), InputError, "Leave these elements out of all maps"),
    "masked": (np.ma.masked_invalid(with_nan(np.nan)), InputError, "Data are masked"),
    "one axis": (DATA[:, 0], InputError, "their shape is (10,)"),
    "three axes": (DATA[None], InputError, "their shape is (1, 10, 12)"),
    "no element": (DATA[:, :0], InputError, "their shape is (10, 0)"),
    "too few maps": (DATA[:9], InputError, "There are 9 maps, and the design has 10 rows"),
    "turned": (DATA.T, InputError, "There are 12 maps, and the design has 10 rows"),
    "none": (None, InputError, "their shape is ()"),
    "text": (DATA.astype(str), InputTypeError, NO_TABLE),
    "words": ([["a", "b"]] * 10, InputTypeError, NO_TABLE),
    "complex": (DATA + 1j, InputTypeError, NO_TABLE),
    "ragged": ([[1.0, 2.0], [3.0]] * 5, InputTypeError, NO_TABLE),
}


@pytest.mark.parametrize("what", DATA_REFUSED)
def test_data_that_are_no_maps_are_refused(what):
    """The error must name the map or the shape, and say what is wanted."""
    data, error, words = DATA_REFUSED[what]
    with pytest.raises(error, match=re.escape(words)):
        run(data=data)


def test_data_of_other_kinds_are_taken():
    """Whole numbers, truth values, objects and lists must count as the numbers they are."""
    whole = np.round(DATA * 3)
    expected = run(data=whole)[0].p
    for other in (whole.astype(int), whole.astype(object), whole.tolist(), whole.astype("f2")):
        np.testing.assert_array_equal(run(data=other)[0].p, expected)
    np.testing.assert_array_equal(run(data=DATA > 0)[0].p, run(data=(DATA > 0) * 1.0)[0].p)
    unmasked = np.ma.masked_array(DATA, mask=False)
    np.testing.assert_array_equal(run(data=unmasked)[0].p, run()[0].p)


DESIGNS_REFUSED = {
    "saturated": (np.eye(10), "x1 - x0", DesignError, "leave no residual degree of freedom"),
    "zero": (np.zeros((10, 2)), "x1 - x0", ContrastError, "zero throughout"),
    "nan": (DESIGN * np.nan, "x1 - x0", DesignError, "NaN values or infinities: row 0"),
    "three axes": (DESIGN[None], "x1 - x0", DesignError, "its shape is (1, 10, 2)"),
    "words": (
        [["a"]] * 10,
        None,
        InputTypeError,
        "A design is a table of numbers, one row per map",
    ),
    "ragged": ([[1], [1, 2]] * 5, None, InputTypeError, "A design is a table of numbers"),
    "no contrast": (DESIGN, None, ContrastError, "Name one, or write an expression over them"),
    "empty dict": (DESIGN, {}, ContrastError, "The dict of contrasts is empty: name at least one"),
    "unknown column": (DESIGN, "x7", ContrastError, "x7"),
    "not estimable": (
        np.hstack([DESIGN, np.ones((10, 1))]),
        "x0",
        ContrastError,
        "cannot be estimated",
    ),
}


@pytest.mark.parametrize("what", DESIGNS_REFUSED)
def test_designs_and_contrasts_that_cannot_be_asked_are_refused(what):
    """Without a warning of shuffles before it, and with what is wrong."""
    design, contrast, error, words = DESIGNS_REFUSED[what]
    with pytest.raises(error, match=re.escape(words)):
        run(design=design, contrast=contrast)


UNEQUAL = [1, 1, 1, 2, 2, 3, 3, 3, 4, 4]
BLOCKS_REFUSED = {
    "a mean, permuted": (
        {"design": np.ones(10), "contrast": None, "errors": "permute"},
        "errors='f",
    ),
    "no question within": (
        {"exchangeability_blocks": [1] * 5 + [2] * 5, "within_blocks": True, "errors": "permute"},
        r"blocks 1, 2\) make the contrast untestable.*whole_blocks=True",
    ),
    "unequal blocks": (
        {"exchangeability_blocks": UNEQUAL, "whole_blocks": True},
        "of unequal size: 2 maps in blocks 2, 4; 3 maps in blocks 1, 3",
    ),
    "too few labels": ({"exchangeability_blocks": [1, 2, 3]}, "10"),
    "neither": (
        {"exchangeability_blocks": UNEQUAL, "whole_blocks": False, "within_blocks": False},
        "Neither within blocks nor as whole blocks",
    ),
    "flags alone": ({"within_blocks": True}, "no exchangeability blocks are given"),
}


@pytest.mark.parametrize("what", BLOCKS_REFUSED)
def test_blocks_that_leave_nothing_to_test_are_refused(what):
    """The error must say which blocks and why, or what to do instead."""
    keywords, words = BLOCKS_REFUSED[what]
    with pytest.raises(BlockError, match=words):
        run(**keywords)


def test_few_shuffles_are_said_to_be_few():
    """Two pairs have three other arrangements: the warning must say how small a p can be."""
    blocks = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    design = np.column_stack([np.r_[1.0, -1, 1, -1, np.zeros(6)], np.ones(10)])
    with pytest.warns(PermutationWarning, match=r"only 4 distinct shuffles, so no p can be below"):
        found = run(design=design, contrast="x0", exchangeability_blocks=blocks)
    assert found[0].p.min() >= 0.25
