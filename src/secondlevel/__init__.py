"""Group-level statistics of brain maps: one map per subject in, maps of what holds for all out.

The public names are loaded when they are first used, so that `import secondlevel` costs nothing
(SPEC 1 of Scientific Python: lazy loading).

Examples
--------
>>> import secondlevel
>>> secondlevel.expression_to_contrast_vector("patient - control", ["control", "patient"])
array([-1.,  1.])
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secondlevel.design.build import make_second_level_design_matrix
    from secondlevel.design.expression import expression_to_contrast_vector
    from secondlevel.second_level import SecondLevelModel

    __version__: str

__all__ = [
    "SecondLevelModel",
    "__version__",
    "expression_to_contrast_vector",
    "make_second_level_design_matrix",
]

_ROOM_OF = {
    "SecondLevelModel": "secondlevel.second_level",
    "expression_to_contrast_vector": "secondlevel.design.expression",
    "make_second_level_design_matrix": "secondlevel.design.build",
}

# Hidden from type checkers, for which it would give every misspelt name a type.
if not TYPE_CHECKING:

    def __getattr__(name):
        """Load a public name when it is first asked for, and keep it."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

            value = version(__name__)
        elif name in _ROOM_OF:
            value = getattr(import_module(_ROOM_OF[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return list(__all__)
