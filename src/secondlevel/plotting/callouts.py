"""Names beside points, none upon another, none cut off."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from secondlevel.plotting.canvas import SMALL
from secondlevel.plotting.names import short

Floats = NDArray[np.float64]

NEAR = 7.0
"""Points from a mark to its name."""

FAR = (16.0, 28.0, 42.0, 58.0, 76.0)
"""Points to which a name is moved, and tied to its mark by a line, where there is no room."""

ANGLES = tuple(math.radians(angle) for angle in (0, 180, 45, 135, 315, 225, 90, 270, 20, 340, 160))


def name_points(
    axes: Axes, x: Floats, y: Floats, names: Sequence[str], *, among: Floats | None = None
) -> list[Annotation]:
    """Write names beside points, the first ones where they are best placed.

    Call it when all else is drawn and the limits are set: places are found on the figure as it is.

    Parameters
    ----------
    axes : Axes
    x, y : arrays of shape (k,)
        Where the points are.
    names : sequence of k str
    among : array of shape (m, 2), optional
        Further points that names had better not hide.

    Returns
    -------
    list of Annotation
        Fewer than k where there is no room for all.
    """
    if len(names) == 0:
        return []
    figure = cast("Figure", axes.get_figure(root=True))
    figure.draw_without_rendering()
    points = axes.transData.transform(np.column_stack([x, y]))
    others = points if among is None else np.vstack([points, axes.transData.transform(among)])
    taken = [text.get_window_extent() for text in axes.texts if text.get_text()]
    inside = axes.get_window_extent()
    done = []
    for at, place, name in zip(zip(x, y, strict=True), points, names, strict=True):
        label = axes.annotate(
            short(name),
            at,
            (0.0, 0.0),
            textcoords="offset points",
            fontsize=SMALL,
            parse_math=False,
            ha="center",
            va="center",
            zorder=5,
        )
        label.set_in_layout(False)
        size = label.get_window_extent()
        scale = figure.dpi / 72.0
        box = _best(place, (size.width, size.height), scale, inside, taken, others)
        if box is None:
            label.remove()
            continue
        taken.append(box.padded(0.5 * scale))
        _put(axes, label, box, place, scale)
        done.append(label)
    return done


def _best(
    place: Floats,
    size: tuple[float, float],
    scale: float,
    inside: Bbox,
    taken: Sequence[Bbox],
    points: Floats,
) -> Bbox | None:
    """Find the nearest free place for a name that hides few points; None if there is none."""
    found, least = None, math.inf
    low, high = np.asarray(points) - scale, np.asarray(points) + scale
    for far, angle in itertools.product((NEAR, *FAR), ANGLES):
        box = _box(place, size, far * scale, angle)
        if not _within(box, inside) or any(box.overlaps(other) for other in taken):
            continue
        hidden = np.all((high > box.min) & (low < box.max), axis=1).sum()
        cost = 30.0 * min(int(hidden), 5) + far
        if cost < least:
            found, least = box, cost
    return found


def _box(place: Floats, size: tuple[float, float], far: float, angle: float) -> Bbox:
    """The box of a name whose nearest edge or corner is so far away in a direction."""
    across, up = math.cos(angle), math.sin(angle)
    half = np.array(size) / 2.0
    middle = place + far * np.array([across, up])
    middle += half * (np.abs([across, up]) > 0.1) * np.sign([across, up])
    return Bbox([middle - half, middle + half])


def _within(box: Bbox, inside: Bbox) -> bool:
    return bool(np.all(box.min >= inside.min) and np.all(box.max <= inside.max))


def _put(axes: Axes, label: Annotation, box: Bbox, place: Floats, scale: float) -> None:
    """Move a name to its box, with a line to the point where it is not beside it."""
    middle = (np.asarray(box.min) + np.asarray(box.max)) / 2.0
    label.set_position(_pair((middle - place) / scale))
    nearest = np.clip(place, box.min, box.max)
    if np.linalg.norm(nearest - place) > 1.6 * NEAR * scale:
        line = axes.annotate(
            "",
            label.xy,
            _pair((nearest - place) / scale),
            textcoords="offset points",
            arrowprops={
                "arrowstyle": "-",
                "color": "0.55",
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 3,
            },
            zorder=2,
        )
        line.set_in_layout(False)


def _pair(offset: Floats) -> tuple[float, float]:
    return float(offset[0]), float(offset[1])
