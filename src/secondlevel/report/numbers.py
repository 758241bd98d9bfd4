"""Numbers as a reader wants to see them: three digits, a true minus, p without an `e`."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, TypeGuard

from markupsafe import Markup

MINUS = "−"
NO_VALUE = "–"
THIN = "\u202f"
"""Stands between thousands; lines do not break there."""
SMALLEST = 1e-300
"""Smaller p-values cannot be told apart in double precision."""

LEAST_IN_PROSE = 0.001


def signed(text: str) -> str:
    """Return a number's text with a true minus, and thin spaces between thousands."""
    return text.replace("-", MINUS).replace(",", THIN)


def rounded(value: float, digits: int = 3) -> str:
    r"""Write a number with so many significant digits, without an exponent where that is short.

    Parameters
    ----------
    value : float
    digits : int, default=3

    Examples
    --------
    >>> rounded(-4.0978), rounded(0.093225), rounded(1234.5), rounded(float("nan"))
    ('−4.10', '0.0932', '1\u202f234', '–')
    """
    if math.isnan(value):
        return NO_VALUE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0.0:
        return "0"
    # The exponent after rounding: 0.9996 is written as 1.00.
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])
    if -4 <= exponent <= 8:
        return signed(f"{value:,.{max(digits - 1 - exponent, 0)}f}")
    mantissa = f"{value:.{digits - 1}e}".partition("e")[0]
    return signed(f"{mantissa}e{exponent}")


def plain(value: float) -> str:
    r"""Write a number as short as it can be: degrees of freedom, levels, counts, millimetres given.

    Examples
    --------
    >>> plain(21.0), plain(0.025), plain(12034)
    ('21', '0.025', '12\u202f034')
    """
    return signed(f"{value:,.10g}")


def count(number: float, what: str, several: str = "") -> str:
    r"""Write how many there are of something.

    Examples
    --------
    >>> count(1, "cluster"), count(1200, "vertex", "vertices")
    ('1 cluster', '1\u202f200 vertices')
    """
    return f"{plain(number)} {what if number == 1 else several or what + 's'}"


def in_mm(value: float) -> str:
    """Write a coordinate in mm, with one decimal only where the fraction matters.

    Examples
    --------
    >>> in_mm(-30.0), in_mm(4.999), in_mm(-2.2175)
    ('−30', '5', '−2.2')
    """
    return signed(f"{round(value, 1) + 0.0:.10g}")


def p_in_table(p: float) -> Markup:
    """Write a p-value as markup, small ones as a power of ten.

    Examples
    --------
    >>> print(p_in_table(0.0123), p_in_table(2.34e-5))
    0.0123 2.3 × 10<sup>−5</sup>
    """
    if math.isnan(p):
        return Markup(NO_VALUE)
    if p < SMALLEST:
        return Markup("&lt; 10<sup>−300</sup>")
    if p >= LEAST_IN_PROSE:
        return Markup(rounded(p))
    mantissa, _, exponent = f"{p:.1e}".partition("e")
    return Markup("{} × 10<sup>{}</sup>").format(mantissa, signed(str(int(exponent))))


def p_in_prose(p: float, name: str = "p") -> str:
    """Write a p-value in a sentence.

    Examples
    --------
    >>> p_in_prose(0.0123), p_in_prose(2e-5)
    ('p = 0.0123', 'p < 0.001')
    """
    if p < LEAST_IN_PROSE:
        return f"{name} < {LEAST_IN_PROSE}"
    return f"{name} = {rounded(p)}"


def at_least(share: float) -> str:
    """Write a lower bound of a share in percent; it is rounded down, so that it still holds.

    Examples
    --------
    >>> at_least(0.4537), at_least(0.2), at_least(1.0)
    ('45.3 %', '20 %', '100 %')
    """
    # A share such as 0.29 is a little less than 29 / 100 in binary.
    return f"{math.floor(share * 1000 + 1e-9) / 10:g} %"


def percent(share: float) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.0634), percent(0.95)
    ('6.34 %', '95 %')
    """
    return f"{100 * share:.3g} %"


def between(lower: float, upper: float) -> str:
    """Write an interval.

    Examples
    --------
    >>> between(-0.5, 1.25)
    '−0.500 to 1.25'
    """
    return f"{rounded(lower)} to {rounded(upper)}"


def is_number(cell: Any) -> TypeGuard[Real]:
    """Whether a cell of a table holds a number that can be written."""
    return isinstance(cell, Real) and not math.isnan(float(cell))


def listed(names: list[str], last: str = "and") -> str:
    """Write names one after the other.

    Examples
    --------
    >>> listed(["age"]), listed(["age", "sex", "site"])
    ('age', 'age, sex and site')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
