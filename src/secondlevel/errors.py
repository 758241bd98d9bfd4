"""Every exception and warning of the package, as a tree.

Each error is also the built-in type that fits it (`ValueError`, `TypeError`,
`FileNotFoundError`), so code that catches the built-in keeps working.
"""

import sys
import warnings


class SecondLevelError(Exception):
    """Something went wrong that the caller can mend; the message says how."""


class InputError(SecondLevelError, ValueError):
    """What was handed over cannot be used as it is."""


class InputTypeError(SecondLevelError, TypeError):
    """What was handed over is of a kind that cannot be used here."""


class MapError(InputError):
    """One map cannot be read, or does not fit the others; the message names it."""


class MapNotFoundError(MapError, FileNotFoundError):
    """A map's file does not exist."""

    # OSError prints itself as "[Errno …]" unless told otherwise.
    __str__ = Exception.__str__


class MaskError(InputError):
    """The mask is empty, or covers no data."""


class MaskNotFoundError(MaskError, FileNotFoundError):
    """The mask's file does not exist."""

    __str__ = Exception.__str__


class NoEffectError(InputError, AttributeError):
    """There are several kinds of maps, and none was named or asked for yet."""


class DesignError(InputError):
    """The design matrix or the confounds cannot be used."""


class DesignNotFoundError(DesignError, FileNotFoundError):
    """The file of a design matrix does not exist."""

    __str__ = Exception.__str__


class ContrastError(InputError):
    """The contrast cannot be read, or cannot be estimated from the design."""


class BlockError(InputError):
    """Exchangeability blocks or variance groups cannot be used, or leave nothing to shuffle."""


class CheckpointError(InputError):
    """A checkpoint cannot be read, or is one of another analysis."""


class SaveError(SecondLevelError, OSError):
    """Results cannot be written where they should; nothing is half written."""

    __str__ = Exception.__str__


class SecondLevelWarning(UserWarning):
    """Something the user should know before believing the result."""


class MissingDataWarning(SecondLevelWarning):
    """Elements were left out because some maps have no value there."""


class RandomFieldWarning(SecondLevelWarning):
    """Random field theory is used where its p-values are known to be off."""


class PermutationWarning(SecondLevelWarning):
    """Shuffles can tell less than what was asked of them."""


class ConstantDataWarning(SecondLevelWarning):
    """Elements without residual variance got statistic 0 and p 1."""


class MapWarning(SecondLevelWarning):
    """A map or its mask can be used, but is hardly the one that was meant."""


class ResamplingWarning(SecondLevelWarning):
    """Maps were resampled to the grid of the mask."""


class DesignWarning(SecondLevelWarning):
    """The design can be used, but not every question can be asked of it."""


class ContrastWarning(SecondLevelWarning):
    """The contrast was completed or converted."""


class EmptyResultWarning(SecondLevelWarning):
    """Nothing of the map passes what was asked of it."""


class ThresholdWarning(SecondLevelWarning):
    """A threshold is hardly in the unit that is asked for."""


class IgnoredParameterWarning(SecondLevelWarning):
    """A parameter has no effect here."""


def warn(message: str, category: type[SecondLevelWarning]) -> None:
    """Warn, pointing at the line of the user that led here, not at one of the package.

    Parameters
    ----------
    message : str
        What happened, which one, and what to do.
    category : type
        One of the warnings above.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("Padded with zeros.", ContrastWarning)
    >>> caught[0].category.__name__
    'ContrastWarning'
    """
    passed = {__name__.partition(".")[0], "sklearn"}  # which wraps methods of ours
    frame, level = sys._getframe(1), 2  # noqa: SLF001 - warnings can skip packages from 3.12 on only
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in passed:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
