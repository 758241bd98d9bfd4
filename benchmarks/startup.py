"""How long it takes until anything happens: imports, and the command's help."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from measure import Clock

HELP = "import sys; sys.argv[1:] = ['--help']; from secondlevel.cli import main; main()"
"""What the installed command `secondlevel --help` runs."""


def import_time(module: str, name: str = "") -> dict[str, float]:
    """Measure the import of a module, with one of its names if one is given."""
    clock = Clock()
    imported = import_module(module)
    if name:
        getattr(imported, name)
    return {"seconds": clock.lap()}


def help_time() -> dict[str, float]:
    """Measure the command's help from start to end, the interpreter's own start included."""
    clock = Clock()
    subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True)
    return {"seconds": clock.lap()}
