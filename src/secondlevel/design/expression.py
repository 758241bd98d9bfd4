"""Expressions over column names, such as `patient - control`: read and written."""

from __future__ import annotations

import ast
import difflib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from secondlevel.errors import ContrastError

Floats = NDArray[np.float64]

SHOWN = 200
"""Characters of an expression that an error repeats."""


def write_expression(weights: ArrayLike, names: Sequence[str]) -> str:
    """Write a vector of weights as an expression over column names.

    Parameters
    ----------
    weights : array of shape (p,)
        One weight per column.
    names : sequence of p str
        Column names.

    Returns
    -------
    str

    Examples
    --------
    >>> write_expression([-1, 1, 0.5], ["control", "patient", "age"])
    '-control + patient + 0.5*age'
    """
    text = ""
    for weight, name in zip(np.asarray(weights, dtype=float), names, strict=True):
        if weight == 0:
            continue
        size = "" if abs(weight) == 1 else f"{abs(weight):g}*"
        if text:
            text += f" {'-' if weight < 0 else '+'} {size}{name}"
        else:
            text = f"{'-' if weight < 0 else ''}{size}{name}"
    return text or "0"


def expression_to_contrast_vector(expression: str, design_columns: Sequence[str]) -> Floats:
    """Turn an expression over column names into one weight per column.

    Sums, differences and multiples of columns are allowed: ``"patient - control"``,
    ``"2*age + sex"``, ``"(a + b)/2 - c"``. A name that is not a Python identifier stands between
    backticks: ``"`group[T.b]` - control"``; alone, it needs none.

    Parameters
    ----------
    expression : str
        What to convert.
    design_columns : sequence of str
        Names of the design's columns, in order.

    Returns
    -------
    array of shape (p,)

    Raises
    ------
    ContrastError
        When the expression cannot be read, is not linear in the columns, or names a column that
        does not exist (the nearest name is suggested).

    Examples
    --------
    >>> expression_to_contrast_vector("patient - control", ["control", "patient", "age"])
    array([-1.,  1.,  0.])
    """
    names = [str(name) for name in design_columns]
    if expression in names:
        return _unit(names, names.index(expression))
    text, quoted = _lift_quoted(expression)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _invalid(expression, names, "it cannot be read as a sum of columns") from error
    variables = {name: _unit(names, i) for i, name in enumerate(names)}
    variables |= {key: variables[name] for key, name in quoted.items() if name in variables}
    try:
        value = _Linear(variables, quoted)(tree.body)
    except _NotLinearError as reason:
        raise _invalid(expression, names, str(reason)) from None
    except RecursionError:
        raise _invalid(expression, names, "it is nested too deeply") from None
    if isinstance(value, float):
        raise _invalid(expression, names, "it names no column")
    return value


def suggest(asked: str, names: Sequence[str]) -> str:
    """Ask whether the nearest of some names was meant, if one is near.

    Examples
    --------
    >>> suggest("AGE", ["age", "sex"])
    "; did you mean 'age'?"
    """
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(asked.casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean '{folded[near[0]]}'?" if near else ""


def _unit(names: list[str], index: int) -> Floats:
    weights = np.zeros(len(names))
    weights[index] = 1.0
    return weights


def _lift_quoted(expression: str) -> tuple[str, dict[str, str]]:
    """Replace every `name` between backticks by an identifier; return what each stands for."""
    quoted: dict[str, str] = {}

    def lift(match: re.Match[str]) -> str:
        key = f"_quoted_{len(quoted)}"
        quoted[key] = match.group(1)
        return f" {key} "

    return re.sub(r"`([^`]*)`", lift, expression), quoted


def _invalid(expression: str, names: list[str], reason: str) -> ContrastError:
    stop = "" if reason.endswith("?") else "."
    return ContrastError(
        f"The expression ({_short(expression)}) is not valid: {reason}{stop}\n"
        f"Available matrix columns are: {names}. A name that is not a Python identifier stands "
        "between backticks."
    )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class _NotLinearError(Exception):
    """The expression is not a linear combination of columns; says why."""


Value = float | Floats


def _finite(number: float) -> float:
    if abs(number) > sys.float_info.max:
        raise _NotLinearError("it holds a number too large to compute with")
    return float(number)


@dataclass(frozen=True)
class _Linear:
    """Evaluate a parsed expression; anything but a linear combination is refused."""

    variables: dict[str, Floats]
    quoted: dict[str, str]

    def __call__(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool()):
                raise _NotLinearError("only columns and numbers can be combined")
            case ast.Constant(value=int() | float() as number):
                return _finite(number)
            case ast.Name(id=name):
                return self._column(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(self(left), op, self(right))
            case _:
                raise _NotLinearError(
                    f"`{_short(ast.unparse(node))}` is not a combination of columns"
                )

    def _column(self, name: str) -> Floats:
        if name in self.variables:
            return self.variables[name]
        asked = self.quoted.get(name, name)
        raise _NotLinearError(
            f"name '{asked}' is not defined{suggest(asked, list(self.variables))}"
        )

    def _combine(self, left: Value, op: ast.operator, right: Value) -> Value:
        numbers = (isinstance(left, float), isinstance(right, float))
        match op:
            case ast.Add() | ast.Sub() if numbers[0] != numbers[1]:
                raise _NotLinearError("a number cannot be added to a column or taken from it")
            case ast.Mult() if not any(numbers):
                raise _NotLinearError("columns cannot be multiplied")
            case ast.Div() if not numbers[1]:
                raise _NotLinearError("nothing can be divided by a column")
            case ast.Div() if right == 0.0:
                raise _NotLinearError("it divides by zero")
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case _:
                raise _NotLinearError("only +, -, * and / are allowed")
