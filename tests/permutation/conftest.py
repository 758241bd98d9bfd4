"""Permutation tests by plain loops, written from the formulas: every shuffle, one at a time."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import linalg, stats

TIE = 1e-9


def orders_of(members, n, *, whole):
    """Every order of n rows in which those of a block, or blocks as wholes, change places."""
    if whole:
        for swapped in itertools.permutations(members):
            order = np.empty(n, dtype=int)
            order[np.concatenate(members)] = np.concatenate(swapped)
            yield order
        return
    for parts in itertools.product(*map(itertools.permutations, members)):
        order = np.empty(n, dtype=int)
        order[np.concatenate(members)] = np.concatenate(parts)
        yield order


def signs_of(members, n, *, whole):
    """Every choice of signs of n rows, or of blocks as wholes."""
    parts = members if whole else np.arange(n)[:, None]
    for chosen in itertools.product([1.0, -1.0], repeat=len(parts)):
        signs = np.empty(n)
        for rows, sign in zip(parts, chosen, strict=True):
            signs[rows] = sign
        yield signs


def group(n, errors, blocks=None, *, whole=False):
    """All signed permutations of n rows that blocks allow, as matrices P; the identity first."""
    blocks = np.zeros(n, dtype=int) if blocks is None else np.asarray(blocks)
    members = [np.flatnonzero(blocks == label) for label in np.unique(blocks)]
    orders, flips = [np.arange(n)], [np.ones(n)]
    if errors != "flip":
        orders = orders_of(members, n, whole=whole)
    if errors != "permute":
        flips = list(signs_of(members, n, whole=whole))
    for order, flip in itertools.product(orders, flips):
        yield flip[:, None] * np.eye(n)[order]


def distinct(shuffles, rows):
    """Those of the shuffles that carry `rows` into something new."""
    seen = set()
    for P in shuffles:
        key = (np.round(P @ rows, 9) + 0.0).tobytes()
        if key not in seen:
            seen.add(key)
            yield P


def split(M, C):
    """Beckmann's partition: X and Z at right angles, and the tested part with nuisance in it."""
    D = np.linalg.pinv(M.T @ M)
    # Redundant rows of C ask nothing new.
    C = linalg.orth(C.T).T if np.linalg.matrix_rank(C) < len(C) else C
    seen = M @ D @ C.T
    X = seen @ np.linalg.inv(C @ D @ C.T)
    Z = linalg.orth(M - X @ np.linalg.lstsq(X, M, rcond=None)[0], rcond=1e-9)
    if np.linalg.matrix_rank(M) == X.shape[1]:
        Z = Z[:, :0]
    return X, Z, M @ np.linalg.pinv(C)


def hat(A):
    """Projection on the columns of A."""
    return A @ np.linalg.pinv(A) if A.shape[1] else np.zeros((len(A), len(A)))


def statistic(Y, X, Z, dof, kind, less=0.0):
    """The t or F of X given Z, by least squares; `less` is taken from the coefficients first."""
    k = X.shape[1]
    A = np.hstack([X, Z])
    if np.linalg.matrix_rank(A, tol=1e-9) < A.shape[1]:
        # The shuffled X, or a part of it, lies in Z.
        left = X - hat(Z) @ X
        X = linalg.orth(left, rcond=1e-9) if np.linalg.norm(left) > 1e-9 else X[:, :0]
        if X.shape[1] == 0:
            return np.zeros(Y.shape[1])
        A = np.hstack([X, Z])
    coefficients = np.linalg.lstsq(A, Y, rcond=None)[0]
    variance = ((Y - A @ coefficients) ** 2).sum(axis=0) / dof
    covariance = np.linalg.inv(A.T @ A)[: X.shape[1], : X.shape[1]]
    b = coefficients[: X.shape[1]] - less
    if kind == "t":
        return b[0] / np.sqrt(variance * covariance[0, 0])
    return np.einsum("iv,ij,jv->v", b, np.linalg.inv(covariance), b) / k / variance


def shuffled_statistics(Y, M, C, shuffles, *, kind="t", method="freedman-lane"):
    """The statistic of every distinct shuffle, shape (N, V), the observed one first."""
    X, Z, raw = split(M, C)
    dof = len(Y) - np.linalg.matrix_rank(M)
    rows = {"still-white": X, "dekker": X, "draper-stoneman": raw}.get(method, np.hstack([X, Z]))
    HZ, HM = hat(Z), hat(np.hstack([X, Z]))
    RY, EY = Y - HZ @ Y, Y - HM @ Y
    b = np.linalg.lstsq(np.hstack([X, Z]), Y, rcond=None)[0][: X.shape[1]]
    found = []
    for P in distinct(shuffles, rows):
        if method == "freedman-lane":
            values = statistic(P.T @ RY + HZ @ Y, X, Z, dof, kind)
        elif method == "ter-braak":
            values = statistic(P.T @ EY + HM @ Y, X, Z, dof, kind, less=b)
        elif method == "manly":
            values = statistic(P.T @ Y, X, Z, dof, kind)
        elif method == "still-white":
            values = statistic(P.T @ RY, X, Z[:, :0], dof, kind)
        elif method == "dekker":
            values = statistic(Y, P @ X, Z, dof, kind)
        else:
            values = statistic(Y, P @ raw, Z, dof, kind)
        found.append(values)
    # Under ter Braak the identity has no effect: the observed statistic takes its place.
    found[0] = statistic(Y, X, Z, dof, kind)
    return np.array(found)


def deviates(values, dof, k=1, kind="t"):
    """Normal deviates of t or F."""
    if kind == "t":
        return np.sign(values) * stats.norm.isf(stats.t.sf(np.abs(values), dof))
    return stats.norm.isf(stats.f.sf(values, k, dof))


def flood(graph, chosen):
    """The components of some elements as lists, by visiting neighbour after neighbour."""
    left, components = {int(v) for v in chosen}, []
    while left:
        to_visit = [left.pop()]
        component = []
        while to_visit:
            v = to_visit.pop()
            component.append(v)
            near = graph.neighbours[graph.offsets[v] : graph.offsets[v + 1]].tolist()
            found = left.intersection(near)
            left -= found
            to_visit.extend(found)
        components.append(sorted(component))
    return components


def clusters(graph, heights, threshold, mass):
    """Size and mass of the cluster of every element on the positive side, 0 where there is none."""
    sizes, masses = np.zeros(len(heights)), np.zeros(len(heights))
    for component in flood(graph, np.flatnonzero(heights >= threshold * (1 - TIE))):
        sizes[component] = len(component)
        masses[component] = (heights[component] - (mass == "excess") * threshold).sum()
    return sizes, masses


def enhanced(graph, heights, E=0.5, H=2.0):
    """Threshold-free enhancement of the positive side: between two heights extents are constant."""
    scores, below = np.zeros(len(heights)), 0.0
    for height in np.unique(heights[heights > 0]):
        for component in flood(graph, np.flatnonzero(heights >= height)):
            part = (height ** (H + 1) - below ** (H + 1)) / (H + 1)
            scores[component] += len(component) ** E * part
        below = height
    return scores


def sided(maps, sides, measure=lambda heights: heights):
    """Maxima (N, sides), and the observed map in the direction asked about with its side, (V,)."""
    signs = {"positive": [1], "negative": [-1]}.get(sides, [1, -1])
    by_side = np.array([[measure(sign * heights) for sign in signs] for heights in maps])
    return by_side.max(axis=2), by_side


def p_values(maps, sides, measure=lambda heights: heights):
    """Maxima of all shuffles, family-wise and uncorrected p of the first map, by counting.

    `measure` makes of a map what its positive side is measured by, element by element.
    """
    maxima, by_side = sided(maps, sides, measure)
    observed = maps[0]
    if sides == "each":
        mine = np.where(observed < 0, 1, 0)
        own = np.take_along_axis(by_side, np.broadcast_to(mine, by_side[:, 0].shape)[:, None], 1)
        values, held = own[:, 0], maxima[:, mine]
    else:
        values = by_side.max(axis=1)
        held = np.broadcast_to(maxima.max(axis=1)[:, None], values.shape)
    floors = values[0] - TIE * np.abs(values[0])
    return maxima, (held >= floors).mean(axis=0), (values >= floors).mean(axis=0)


@pytest.fixture(scope="session")
def by_hand():
    """Permutation tests by plain loops over all shuffles."""
    return SimpleNamespace(
        group=group,
        distinct=distinct,
        split=split,
        hat=hat,
        statistic=statistic,
        shuffled_statistics=shuffled_statistics,
        deviates=deviates,
        flood=flood,
        clusters=clusters,
        enhanced=enhanced,
        p_values=p_values,
    )
