"""What charts are drawn of, by hand, and what is written in them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from secondlevel.design.build import to_design
from secondlevel.design.contrast import make_contrast
from secondlevel.inquiry.effects import effect_table
from secondlevel.results.contrast import Shuffled
from secondlevel.results.quality import Quality

EDGES = np.linspace(-6.0, 6.0, 121)


@pytest.fixture
def make_quality():
    """Make what is known of n maps; odd ones by row: name, correlation, distance, Cook's mean."""

    def make(n=24, odd=None, *, residuals=None, not_normal=0.063, leverage=None):
        rng = np.random.default_rng(1)
        maps = pd.DataFrame(
            {
                "Map": [f"sub-{row:02d}" for row in range(n)],
                "Mean": 0.4,
                "SD": 1.0,
                "Missing": 0,
                "Correlation": rng.uniform(0.2, 0.5, n),
                "Distance": rng.gamma(60, 1 / 60, n),
                "Leverage": 2 / n if leverage is None else leverage,
                "Cook Mean": rng.gamma(2, 0.5 / max(n, 1), n),
                "Cook Share": 0.01,
                "Remarks": "",
            }
        )
        columns = ["Map", "Correlation", "Distance", "Cook Mean", "Remarks"]
        for row, values in (odd or {}).items():
            maps.loc[row, columns] = [*values, "odd"]
        drawn = rng.normal(size=20_000) if residuals is None else np.asarray(residuals)
        counts = np.histogram(np.clip(drawn, -5.999, 5.999), EDGES)[0]
        return Quality(maps, 1.0, EDGES, counts, not_normal, {}, ())

    return make


@pytest.fixture
def make_groups():
    """Make a design of controls, patients and their ages."""

    def make(n=24, *, named=True):
        patient = np.arange(n) % 2.0
        age = np.random.default_rng(2).normal(0, 12, n).round(1)
        index = [f"sub-{row:02d}" for row in range(n)] if named else None
        return pd.DataFrame({"control": 1 - patient, "patient": patient, "age": age}, index=index)

    return make


@pytest.fixture
def make_wide():
    """Make a design of an intercept and further columns, with long names."""

    def make(n=60, p=30):
        rng = np.random.default_rng(3)
        columns = {"intercept": np.ones(n)}
        for k in range(1, p):
            columns[f"site_{k:02d}$_of_a_scanner_with_a_long_name_{k}"] = rng.normal(size=n)
        return pd.DataFrame(columns)

    return make


@pytest.fixture
def make_effects(make_groups):
    """Make values at some places of n maps, by what a contrast is about, and the fit."""

    def make(n=24, n_places=2, contrast="patient - control", scale=1.0):
        table = make_groups(n)
        design = to_design(table)
        rng = np.random.default_rng(4)
        values = rng.normal(size=(n, n_places)) + 1.2 * table[["patient"]].to_numpy()
        values = scale * (values + 0.04 * table[["age"]].to_numpy())
        places = [str(number + 1) for number in range(n_places)]
        asked = make_contrast(contrast, design)
        effects, x_name = effect_table(values, places, design, asked, list(table.index))
        effects.attrs["x_name"] = x_name
        return effects

    return make


@pytest.fixture
def make_shuffled():
    """Make what a permutation run leaves: maxima, the observed one first, and sizes of clusters."""

    def make(n=1000, observed=7.21, size=48, *, exhaustive=False, statistic="t"):
        rng = np.random.default_rng(5)
        maxima = rng.gumbel(3.6, 0.35, n)
        maxima[0] = observed
        sizes = rng.integers(0, 60, n).astype(float)
        sizes[0] = size
        seed = None if exhaustive else 7
        return Shuffled(
            statistic, observed, maxima, sizes, float(size), 3.1, seed, exhaustive, "", None
        )

    return make


@pytest.fixture
def seen_texts(monkeypatch):
    """Draw a figure and return the texts that were drawn, with the boxes of what is written."""
    drawn = []
    draw = Text.draw

    def noting(text, renderer):
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        draw(text, renderer)

    def find(figure):
        with monkeypatch.context() as patched:
            patched.setattr(Text, "draw", noting)
            drawn.clear()
            figure.canvas.draw()
        # Of an annotation without its arrow.
        return [(text, Text.get_window_extent(text)) for text in drawn]

    return find
