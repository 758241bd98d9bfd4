"""Every example of docs/permutation.md runs, in order, and prints what the page says it prints."""

import contextlib
import io
import math
import re
from pathlib import Path

import pytest
from scipy.stats import norm

from secondlevel.permutation.heights.scale import make_scale
from secondlevel.permutation.summaries.clusters import ClusterSummary

PAGE = Path(__file__).resolve().parents[1] / "docs" / "permutation.md"
FENCED = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
EXAMPLES = [(match[1], match[2]) for match in FENCED.finditer(PAGE.read_text("utf-8"))]


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
    assert f"of {2**12} distinct shuffles" in text  # flips of 12 maps
    assert f"{math.comb(12, 6)} distinct shuffles" in text  # towns among 12 families
    pairs = math.factorial(6) * 2**6
    triples = math.factorial(4) * math.factorial(3) ** 4
    assert f"{pairs * triples} distinct shuffles" in text


def test_every_promised_example_is_there():
    """One group, two, pairs, a covariate, F over three groups and siblings have an example each."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    with_example = {one.splitlines()[0] for one in sections if "```python" in one}
    assert {
        "One group",
        "Two groups",
        "Covariate of interest, others in the way",
        "F over three groups",
        "Paired: blocks",
        "Siblings",
        "Unequal variances",
    } <= with_example


def test_threshold_of_both_sides_is_that_of_the_page():
    """The page says that p = 0.001 of both sides together is z = 3.29 on either."""
    assert "`p=0.001` is z = 3.29 on either" in PAGE.read_text("utf-8")
    threshold = ClusterSummary(p=0.001).threshold(make_scale("t", 20, 1, "z"), two_sided=True)
    assert threshold.height == pytest.approx(norm.isf(0.0005), abs=1e-9)  # 3.2905
