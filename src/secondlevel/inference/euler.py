"""Expected Euler characteristic densities of Gaussian, t and F fields in up to three dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from secondlevel.errors import InputError, InputTypeError
from secondlevel.inference.arguments import is_number
from secondlevel.inference.log_gamma import log_gamma_ratio
from secondlevel.inference.tails import Tail, f_tail, t_tail

Floats = NDArray[np.float64]

ROUGHNESS = 4.0 * math.log(2.0)
"""Variance of the derivative of a field of unit variance whose FWHM is 1: what makes a resel."""

_ROUNDING = 1e-6  # other programs compute the rank of a contrast as a trace
_HIGHEST = 1e150
_MANY_DOF = 1e15  # stands in for infinitely many: no digit of a density differs


class Field(Protocol):
    """The statistic that a random field has at every point."""

    @property
    def name(self) -> str:
        """The statistic in words: `t(21)`."""
        ...

    @property
    def dof(self) -> float | None:
        """Residual degrees of freedom; None where there are none."""
        ...

    @property
    def is_signed(self) -> bool:
        """Whether the statistic has two tails alike."""
        ...

    def tail(self, heights: Floats) -> Tail:
        """Upper tail at a point."""
        ...

    def heights(self, roots: Floats) -> Floats:
        """Heights of the field that are comparable with those of z."""
        ...

    def densities(self, heights: Floats, dimension: int) -> Floats:
        """Euler characteristic densities per resel, shape (dimension + 1, ...)."""
        ...


@dataclass(frozen=True)
class Gaussian:
    """A field of z.

    Examples
    --------
    >>> Gaussian().densities(np.array(3.0), 3).round(6)
    array([0.00135 , 0.002944, 0.005867, 0.010393])
    """

    name: ClassVar[str] = "z"
    dof: ClassVar[None] = None
    is_signed: ClassVar[bool] = True

    def tail(self, heights: Floats) -> Tail:
        """Upper tail of the normal."""
        return t_tail(heights, math.inf)

    def heights(self, roots: Floats) -> Floats:
        """The same numbers."""
        return roots

    def densities(self, heights: Floats, dimension: int) -> Floats:
        """Euler characteristic densities per resel, shape (dimension + 1, ...).

        ρ_d(z) = (4 ln 2)^(d/2) (2π)^(-(d+1)/2) H_(d-1)(z) exp(-z²/2), with the Hermite polynomials
        H = 1, z, z² - 1; ρ_0 is the upper tail (Worsley et al., 1996, Hum. Brain Mapp. 4, 58).
        """
        z = _finite(heights)
        with np.errstate(under="ignore"):
            decay = np.exp(-z * z / 2.0)
        return _densities(self.tail(z), decay, (1.0, z, z * z - 1.0), dimension)


@dataclass(frozen=True)
class Student:
    """A field of t.

    Parameters
    ----------
    dof : float
        Residual degrees of freedom, at least the dimension of the field: with fewer t is infinite
        somewhere (Worsley, 1994, Adv. Appl. Prob. 26, 13).

    Examples
    --------
    >>> Student(23).densities(np.array(3.0), 3).round(6)
    array([0.003195, 0.007008, 0.013816, 0.023531])
    """

    dof: float
    is_signed: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The statistic in words."""
        return f"t({self.dof:g})"

    def tail(self, heights: Floats) -> Tail:
        """Upper tail of Student's t."""
        return t_tail(heights, self.dof)

    def heights(self, roots: Floats) -> Floats:
        """The same numbers."""
        return roots

    def densities(self, heights: Floats, dimension: int) -> Floats:
        """Euler characteristic densities per resel, shape (dimension + 1, ...).

        As those of z, with (1 + t²/ν)^((1-ν)/2) in place of exp(-z²/2), and the polynomials
        1, t Γ((ν+1)/2) / (Γ(ν/2) √(ν/2)) and (ν-1) t²/ν - 1 (Worsley et al., 1996).
        """
        t, nu = _finite(heights), self.dof
        with np.errstate(under="ignore"):
            decay = np.exp((1.0 - nu) / 2.0 * np.log1p(t * t / nu))
        widening = math.exp(float(log_gamma_ratio(nu / 2.0, 0.5))) / math.sqrt(nu / 2.0)
        polynomials = (1.0, t * widening, (nu - 1.0) / nu * t * t - 1.0)
        return _densities(self.tail(t), decay, polynomials, dimension)


@dataclass(frozen=True)
class Fisher:
    """A field of F.

    Parameters
    ----------
    dof_contrast : float
        Numerator degrees of freedom, at least 1.
    dof : float
        Residual degrees of freedom, at least the dimension of the field.

    Examples
    --------
    >>> Fisher(1, 23).densities(np.array(9.0), 3).round(6)  # twice those of t at 3
    array([0.00639 , 0.014017, 0.027631, 0.047061])
    """

    dof_contrast: float
    dof: float
    is_signed: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The statistic in words."""
        return f"F({self.dof_contrast:g}, {self.dof:g})"

    def tail(self, heights: Floats) -> Tail:
        """Upper tail of Fisher's F."""
        return f_tail(heights, self.dof_contrast, self.dof)

    def heights(self, roots: Floats) -> Floats:
        """F whose numerator's root is as long as z."""
        return np.asarray(roots * roots / self.dof_contrast)

    def densities(self, heights: Floats, dimension: int) -> Floats:
        """Euler characteristic densities per resel, shape (dimension + 1, ...).

        With s = kF/ν, ρ_d is (4 ln 2 / 2π)^(d/2) 2^(1-d/2) Γ((ν+k-d)/2) / (Γ(ν/2) Γ(k/2))
        s^((k-d)/2) (1+s)^(-(ν+k-2)/2) times 1, (ν-1) s - (k-1) over 1, and
        (ν-1)(ν-2) s² - (2νk-ν-k-1) s + (k-1)(k-2) over 1 (Worsley et al., 1996).
        """
        f = np.maximum(_finite(heights), np.finfo(np.float64).tiny)
        k, nu = self.dof_contrast, min(self.dof, _MANY_DOF)
        polynomials = (
            (1.0,),
            (1.0 - k, nu - 1.0),
            ((k - 1.0) * (k - 2.0), nu + k + 1.0 - 2.0 * nu * k, (nu - 1.0) * (nu - 2.0)),
        )
        ratio = np.log(f) + math.log(k / nu)
        decay = -(nu + k - 2.0) / 2.0 * np.logaddexp(0.0, ratio)
        higher = []
        for d in range(1, dimension + 1):
            scale = float(log_gamma_ratio(nu / 2.0, (k - d) / 2.0)) - math.lgamma(k / 2.0)
            scale += (1.0 - d / 2.0) * math.log(2.0)
            # Each power by itself: one whose coefficient is 0 may be infinite at F = 0.
            powers = [
                coefficient * np.exp(scale + decay + ((k - d) / 2.0 + j) * ratio)
                for j, coefficient in enumerate(polynomials[d - 1])
                if coefficient != 0.0
            ]
            higher.append(_per_resel(d, d / 2.0) * np.sum(powers, axis=0))
        return _stacked(self.tail(_finite(heights)).p, higher, dimension)


def make_field(statistic: str, dof: Any) -> Gaussian | Student | Fisher:
    """Look a statistic up by name.

    Parameters
    ----------
    statistic : {"z", "t", "F"}
    dof : float, pair or None
        None for z, residual degrees of freedom for t, those of numerator and denominator for F.

    Raises
    ------
    InputError, InputTypeError
        When there is no such statistic, or its degrees of freedom are missing or no such numbers.

    Examples
    --------
    >>> make_field("F", (2, 21)).name
    'F(2, 21)'
    """
    if statistic == "z":
        if dof is not None:
            raise InputError(f"z has no degrees of freedom; got dof={dof!r}. Did you mean 't'?")
        return Gaussian()
    if statistic == "t":
        nu = _positive(dof, "A field of t needs its residual degrees of freedom, dof=21 say")
        return Gaussian() if math.isinf(nu) else Student(nu)
    if statistic == "F":
        wanted = "A field of F needs two degrees of freedom, dof=(2, 21) say"
        if not isinstance(dof, (Sequence, np.ndarray)) or len(dof) != 2:
            raise InputError(f"{wanted}: of the contrast and of the residuals. Got {dof!r}.")
        contrast, residual = (_positive(value, wanted) for value in dof)
        if contrast < 1.0 - _ROUNDING:
            raise InputError(f"{wanted}; those of the contrast are at least 1. Got {contrast:g}.")
        return Fisher(max(contrast, 1.0), residual)
    raise InputError(f"statistic must be one of 'z', 't', 'F'. Got {statistic!r}.")


def _finite(heights: Any) -> Floats:
    """Heights as numbers whose square is finite: beyond, no density differs from its limit."""
    return np.minimum(np.asarray(heights, dtype=np.float64), _HIGHEST)


def _densities(tail: Tail, decay: Floats, polynomials: Sequence[Any], dimension: int) -> Floats:
    """Densities of z and t: of the tail, and of decay times a polynomial in 1, 2, 3 dimensions."""
    scaled = [_per_resel(d, (d + 1) / 2) * decay for d in (1, 2, 3)]
    higher = [some * polynomial for some, polynomial in zip(scaled, polynomials, strict=True)]
    return _stacked(tail.p, higher, dimension)


def _per_resel(d: int, power: float) -> float:
    """Constant of the density in d dimensions: (4 ln 2)^(d/2) (2π)^-power."""
    return float(ROUGHNESS ** (d / 2) * (2.0 * math.pi) ** -power)


def _stacked(tail: Floats, higher: Sequence[Any], dimension: int) -> Floats:
    return np.stack([tail, *(np.broadcast_to(d, tail.shape) for d in higher[:dimension])])


def _positive(value: Any, wanted: str) -> float:
    if value is None:
        raise InputError(f"{wanted}. Got None.")
    if not is_number(value):
        raise InputTypeError(f"{wanted}. Got {value!r}.")
    number = float(value)
    if not number > 0.0:
        raise InputError(f"{wanted}; degrees of freedom are positive. Got {value!r}.")
    return number
