import pandas as pd
import pytest

from secondlevel.report.cluster_rows import cluster_table
from secondlevel.report.forest import draw_forest

TABLE = pd.DataFrame(
    {
        "Cluster ID": [1, "1a", 2],
        "X": [30.0, 27.5, -30.0],
        "Y": [-18.0, -12.0, 4.0],
        "Z": [24.0, 20.0, 0.0],
        "Peak Stat": [4.9808, 4.2, -3.6],
        "Cluster Size (mm3)": [4320.0, "", 216.0],
        "Peak p (FWE)": [2.34e-5, 0.0123, 0.4],
        "Peak p (FWE) Lower": [1.1e-5, 0.01, 0.35],
        "Peak p (FWE) Upper": [3.3e-5, 0.02, 0.45],
        "Peak p (uncorrected)": [0.0, 1e-5, 1e-3],
        "Cluster p (FWE)": [0.0005, "", 0.9],
        "TDP": [0.4537, "", 0.0],
        "Effect": [2.454, 1.1, -1.0],
        "Effect Lower": [1.7266, 0.5, -1.6],
        "Effect Upper": [3.1812, 1.7, -0.4],
        "Hedges g": [2.779, 1.2, -0.9],
        "Hedges g Lower": [1.6233, 0.5, -1.5],
        "Hedges g Upper": [3.9038, 1.9, -0.3],
    }
)


@pytest.fixture
def table():
    """The table of the page."""
    return cluster_table(TABLE, 2, "age")


def column(table, label):
    """Cells under a heading, row by row."""
    at = [one.label for one in table.columns].index(label)
    return [row.cells[at] for group in table.groups for row in group]


def test_sub_peaks_stay_with_their_cluster(table):
    """A group is a cluster: its main peak, then its sub-peaks, each with its place."""
    assert [[row.cells[0].text for row in group] for group in table.groups] == [["1", "1a"], ["2"]]
    assert [row.below for group in table.groups for row in group] == [False, True, False]
    assert table.groups[0][1].place == {"x": 27.5, "y": -12.0, "z": 20.0}
    assert table.viewer == 2


def test_what_is_sorted_by_is_the_number_itself(table):
    """Text is rounded; the value behind it is the one of the results."""
    peak = column(table, "Peak\xa0z")
    assert [cell.text for cell in peak] == ["4.98", "4.20", "−3.60"]
    assert [cell.value for cell in peak] == TABLE["Peak Stat"].tolist()
    assert [cell.text for cell in column(table, "Size (mm³)")] == ["4\u202f320", "", "216"]
    assert [cell.text for cell in column(table, "x\xa0(mm)")] == ["30", "27.5", "−30"]


def test_small_p_are_powers_of_ten(table):
    """2.34e-5 is written as a power; a p too small for double precision is not written as 0."""
    p = column(table, "Peak p (FWE)")
    assert [cell.text for cell in p] == ["2.3 × 10<sup>−5</sup>", "0.0123", "0.400"]
    assert p[0].interval == "1.1 × 10<sup>−5</sup> to 3.3 × 10<sup>−5</sup>"
    assert column(table, "Peak p (uncorrected)")[0].text == "&lt; 10<sup>−300</sup>"


def test_a_lower_bound_is_rounded_down(table):
    """45.37 % that are active at least are written as 45.3 %, which still holds."""
    assert [cell.text for cell in column(table, "TDP, at\xa0least")] == ["45.3 %", "", "0 %"]


def test_intervals_stand_below_their_effects(table):
    """Bounds have no column of their own."""
    assert [cell.interval for cell in column(table, "Effect")] == [
        "1.73 to 3.18",
        "0.500 to 1.70",
        "−1.60 to −0.400",
    ]
    assert not [one.label for one in table.columns if one.label.endswith(("Lower", "Upper"))]


def test_columns_that_matter_less_come_last(table):
    """Those p that are not corrected are there, but hidden until asked for."""
    assert [one.label for one in table.columns if one.minor] == ["Peak p (uncorrected)"]
    assert table.columns[-1].minor


def test_the_hemisphere_stands_beside_the_number():
    """On surfaces the hemisphere follows the number of the cluster, and goes to the viewer."""
    table = TABLE.drop(columns="Cluster Size (mm3)")
    table.insert(1, "Hemisphere", ["left", "left", "right"])
    table["Cluster Size (vertices)"] = [120, "", 3]
    made = cluster_table(table, 0, "mean")
    assert [one.label for one in made.columns[:3]] == ["Cluster", "Hemisphere", "x\xa0(mm)"]
    assert made.groups[1][0].place["hemisphere"] == "right"
    assert [cell.text for cell in column(made, "Cluster Size (vertices)")] == ["120", "", "3"]


def test_intervals_are_drawn_to_scale():
    """On a scale from -2 to 4, an effect of 2.779 lies at 4.779/6 of the width."""
    forest = draw_forest(TABLE)
    assert [label for label, _ in forest.ticks] == ["−2", "0", "2", "4"]
    assert forest.zero == pytest.approx(1000 * 2 / 6, abs=0.01)
    assert [line.peak for line in forest.lines] == ["1", "2"]
    assert forest.lines[0].x == pytest.approx(1000 * 4.779 / 6, abs=0.01)
    assert forest.lines[1].lower == pytest.approx(1000 * 0.5 / 6, abs=0.01)
    assert forest.lines[0].interval == "1.62 to 3.90"


def test_many_peaks_are_drawn_in_part():
    """Twelve peaks are drawn, and how many more there are is known; without clusters none."""
    many = pd.concat([TABLE.iloc[[0]]] * 15)
    many["Cluster ID"] = range(1, 16)
    assert (len(draw_forest(many).lines), draw_forest(many).n_more) == (12, 3)
    assert draw_forest(TABLE.iloc[:0]) is None
