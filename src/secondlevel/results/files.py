"""Images on disk, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nibabel as nib

from secondlevel.files import written_whole


def save_image(image: Any, path: str | os.PathLike[str]) -> Path:
    """Save a volume image as NIfTI, whole or not at all.

    Parameters
    ----------
    image : SpatialImage
    path : path
        Ending in `.nii` or `.nii.gz`.

    Returns
    -------
    Path
        Where it lies.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> image = nib.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4))
    >>> save_image(image, Path(tempfile.mkdtemp()) / "map.nii.gz").name
    'map.nii.gz'
    """
    target = Path(path)
    with written_whole(target) as temporary:
        nib.save(image, temporary)
    return target
