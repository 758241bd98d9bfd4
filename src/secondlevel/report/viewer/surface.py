"""A surface for the viewer: vertices, triangles, shading."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secondlevel.plotting.surfaces import shading
from secondlevel.report.viewer.encode import encode_flags, encode_values, packed

Floats = NDArray[np.float64]

FINEST = 0.01
"""Millimetres to which points are held."""


def surface_scene(mask_img: Any, bg_img: Any) -> dict[str, Any]:
    """Encode the meshes of a mask, and what shades them.

    Parameters
    ----------
    mask_img : SurfaceImage
    bg_img : SurfaceImage, str or None
    """
    shaded = shading(bg_img, mask_img)
    parts = [_part(mask_img, name, shaded) for name in mask_img.mesh.parts]
    for part, last in zip(parts[:0:-1], parts[-2::-1], strict=True):
        # Both sides of a template have the same triangles.
        if part["faces"] == last["faces"]:
            part["faces"] = ""
    return {"kind": "surface", "parts": parts}


def surface_values(image: Any, mask_img: Any) -> Floats:
    """Values of a surface image at the vertices of the mask, part after part."""
    parts = []
    for name, inside in mask_img.data.parts.items():
        flags = np.asarray(inside).ravel() != 0
        parts.append(np.asarray(image.data.parts[name], dtype=np.float64).ravel()[flags])
    return np.concatenate(parts)


def encode_faces(faces: NDArray[np.int32]) -> str:
    """Return triangles, packed: small numbers, since neighbours have near numbers.

    First all first corners, each less the one before; then all second and all third corners, less
    the first. A number n becomes 2 n, a number -n becomes 2 n - 1.
    """
    first, second, third = faces.T
    apart = np.stack([np.diff(first, prepend=np.int32(0)), second - first, third - first])
    return packed(np.where(apart < 0, -2 * apart - 1, 2 * apart).astype(np.uint32))


def _part(mask_img: Any, name: str, shaded: Any) -> dict[str, Any]:
    mesh = mask_img.mesh.parts[name]
    points = np.asarray(mesh.coordinates, dtype=np.float64)
    faces = np.asarray(mesh.faces, dtype=np.int32)
    inside = np.asarray(mask_img.data.parts[name]).ravel() != 0
    return {
        "name": name,
        "vertices": len(points),
        "triangles": len(faces),
        "points": encode_values(points.T, finest=FINEST),
        "faces": encode_faces(faces),
        "mask": encode_flags(inside),
        "greys": packed(_greys(shaded, name, len(points))),
    }


def _greys(shaded: Any, name: str, n_vertices: int) -> NDArray[np.uint8]:
    """Grey of every vertex: dark in sulci, where these are known."""
    if shaded is None:
        return np.full(n_vertices, 200, dtype=np.uint8)
    depth = np.nan_to_num(np.asarray(shaded.data.parts[name], dtype=np.float64).ravel())
    low, high = np.percentile(depth, [2, 98])
    share = np.clip((depth - low) / max(high - low, 1e-12), 0.0, 1.0)
    return np.asarray((225 - 100 * share).round().astype(np.uint8))
