"""Every example of docs/permutation.md runs, in order, and prints what the page says it prints."""

import contextlib
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from secondlevel import permutation_test
from secondlevel.permutation.heights.scale import make_scale
from secondlevel.permutation.summaries.clusters import ClusterSummary

PAGE = Path(__file__).resolve().parents[1] / "docs" / "permutation.md"
FENCED = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
EXAMPLES = [(match[1], match[2]) for match in FENCED.finditer(PAGE.read_text("utf-8"))]


TABLE = PAGE.read_text("utf-8").split("## By study")[1].split("\n## ")[0]
STUDIES = {
    re.sub(r"\[(.*?)\]\(.*?\)", r"\1", row[0]): row
    for row in (line.strip("| ").split(" | ") for line in TABLE.splitlines() if "`" in line)
    if len(row) > 1
}


def ones_in(labels):
    """A column of ones and zeros for every label."""
    return pd.get_dummies(pd.Series(list(labels)), dtype=float)


PEOPLE = pd.DataFrame({"group": ["control", "patient"] * 12, "age": np.arange(24.0) ** 1.1})
PAIRS, TRIPLES = np.repeat(np.arange(12), 2), np.repeat(np.arange(8), 3)
TOWN = pd.DataFrame({"intercept": 1.0, "town": np.tile([0.0, 0.0, 1.0, 1.0], 6)})
GROUPS, AGES = ones_in(PEOPLE["group"]), PEOPLE[["age"]]
VISITS = ones_in(TRIPLES).assign(
    second=np.tile([0.0, 1.0, 0.0], 8), third=np.tile([0.0, 0.0, 1.0], 8)
)
MEAN = pd.DataFrame({"mean": np.ones(12)})
DESIGNS = {
    "one group": (MEAN, "flip", 2**12),
    "one group, at the average age": (
        MEAN.assign(age=AGES["age"][:12] - AGES["age"][:12].mean()),
        "flip",
        2**12,
    ),
    "two groups": (GROUPS, "permute", math.comb(24, 12)),
    "paired: a map of the change of each person": (MEAN, "flip", 2**12),
    "paired: both maps of each": (
        ones_in(PAIRS).assign(change=np.tile([-0.5, 0.5], 12)),
        "permute",
        2**12,
    ),
    "a covariate": (GROUPS.join(AGES), "permute", math.factorial(24)),
    "three groups": (
        ones_in(["young", "middle", "old"] * 8),
        "permute",
        math.factorial(24) // math.factorial(8) ** 3,
    ),
    "siblings, compared between families": (TOWN, "permute", math.comb(12, 6)),
    "the same, with what differs within families": (
        TOWN.join(AGES),
        "permute",
        math.factorial(12),
    ),
    "two groups, twice: does one change more?": (GROUPS[:12], "permute", math.comb(12, 6)),
    "two groups, twice: do both change, on average?": (GROUPS[:12], "flip", 2**12),
    "two groups, twice: do they differ, on average?": (GROUPS[:12], "permute", math.comb(12, 6)),
    "three times or more: any change?": (VISITS, "permute", math.factorial(3) ** 8),
    "groups of unequal variances": (GROUPS, "flip", 2**24),
}


def first_line(example):
    """The first line of an example that calls something, for the name of its test."""
    lines = [line for line in example[0].splitlines() if "import" not in line and line.strip()]
    return lines[0][:50]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """What a reader has who typed in all of the page: the names, and what every example printed."""
    names, printed = {}, []
    with contextlib.chdir(tmp_path_factory.mktemp("reader")):
        for code, _ in EXAMPLES:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(code, str(PAGE), "exec"), names)
            printed.append(out.getvalue())
    return names, printed


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=map(first_line, EXAMPLES))
def test_example_prints_what_the_page_shows(reader, number):
    """The numbers under an example are those it gives; an example that prints has them."""
    assert reader[1][number].rstrip() == (EXAMPLES[number][1] or "").rstrip()


def test_page_counts_shuffles_right():
    """Numbers of distinct shuffles on the page are those of combinatorics."""
    text = PAGE.read_text("utf-8")
    assert f"of {2**12} distinct ones" in text  # flips of 12 maps
    assert f"{math.comb(12, 6)} distinct shuffles" in text  # towns among 12 families
    assert f"of {math.factorial(12)} distinct ones" in text  # families whose ages differ
    pairs = math.factorial(6) * 2**6
    triples = math.factorial(4) * math.factorial(3) ** 4
    assert f"{pairs * triples} distinct shuffles" in text


def test_table_of_studies_is_whole():
    """Every row of the table by study is tried."""
    assert set(STUDIES) == set(DESIGNS)


@pytest.mark.parametrize("study", DESIGNS)
def test_design_of_study_is_tested_as_it_should(study):
    """A design of the table, with its contrast and keywords, has the shuffles of its kind."""
    design, errors, n_distinct = DESIGNS[study]
    contrast, *rest = (cell.strip("` ") for cell in STUDIES[study][2:])
    keywords = eval(f"dict({''.join(rest)})", {"family": PAIRS, "people": PEOPLE})
    if isinstance(keywords.get("exchangeability_blocks"), str):  # the subjects of a table
        keywords["exchangeability_blocks"] = TRIPLES if design is VISITS else PAIRS
    data = np.random.default_rng(0).standard_normal((len(design), 3))
    result = permutation_test(data, design, eval(contrast), n_perm=8, random_state=0, **keywords)
    assert (result.shuffles.errors, result.shuffles.n_distinct) == (errors, n_distinct)


def test_every_promised_example_is_there():
    """One group, two, pairs, a covariate, F over three groups and siblings have an example each."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    with_example = {one.splitlines()[0] for one in sections if "```python" in one}
    assert {
        "One group",
        "Two groups",
        "Covariate of interest, others in the way",
        "F over three groups",
        "Paired: maps of change",
        "Paired: blocks",
        "Siblings",
        "Unequal variances",
    } <= with_example


def test_threshold_of_both_sides_is_that_of_the_page():
    """The page says that p = 0.001 of both sides together is z = 3.29 on either."""
    assert "`p=0.001` is z = 3.29 on either" in PAGE.read_text("utf-8")
    threshold = ClusterSummary(p=0.001).threshold(make_scale("t", 20, 1, "z"), two_sided=True)
    assert threshold.height == pytest.approx(norm.isf(0.0005), abs=1e-9)  # 3.2905
