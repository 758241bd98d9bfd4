"""What the command line says when something cannot be done: one line, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from secondlevel.demo.folder import FolderError
from secondlevel.errors import SecondLevelError

USAGE, FAILURE = 2, 1
"""Exit codes: the command was given something unusable, or it failed at its work."""


@contextmanager
def failures_in_one_line() -> Iterator[None]:
    """Turn an error that the user can mend into a line on standard error and an exit code.

    Any other error is a mistake in the program and keeps its traceback.
    """
    try:
        yield
    except FolderError as error:
        raise _exit(error, USAGE) from None
    except BrokenPipeError:
        raise  # whoever read our output has seen enough
    except (SecondLevelError, OSError) as error:
        raise _exit(error, FAILURE) from None


def _exit(error: Exception, code: int) -> typer.Exit:
    typer.echo(f"secondlevel: {' '.join(str(error).split())}", err=True)
    return typer.Exit(code)
