"""What the package is compared with: nilearn, in the environments that its users have."""

from __future__ import annotations

from importlib.util import find_spec

PLAIN = "nilearn"
INDEXED = "nilearn with indexed_gzip"

HIDDEN = {PLAIN: ("indexed_gzip",), INDEXED: ()}
"""Which installed packages neither side finds while the two are compared.

nibabel reads `.nii.gz` files through indexed_gzip where that is installed. Looking at a header then
costs the decompression of the whole file, and nilearn looks at two for every pair of maps.
"""


def installed_peers() -> tuple[str, ...]:
    """Name the peers that can be run here."""
    return (PLAIN, INDEXED) if find_spec("indexed_gzip") else (PLAIN,)
