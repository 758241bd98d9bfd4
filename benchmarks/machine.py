"""What the numbers were measured with: day, machine, versions."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "secondlevel",
    "nilearn",
    "numpy",
    "scipy",
    "numba",
    "isal",
    "joblib",
    "nibabel",
    "indexed_gzip",
    "tfce",
)
CPU_INFO = Path("/proc/cpuinfo")


def description() -> str:
    """Describe machine and versions in two lines."""
    day = datetime.now(tz=UTC).date().isoformat()
    machine = f"{day}, {_processor()}, {os.cpu_count()} cores, {platform.system()}"
    versions = ", ".join(f"{package} {_version(package)}" for package in PACKAGES)
    return f"{machine}\nPython {platform.python_version()}, {versions}"


def _processor() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
