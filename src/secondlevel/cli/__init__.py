"""The command `secondlevel`."""

import os


def main() -> None:
    """Run the command line."""
    # This process writes pictures to files; it never opens a window, and needs no display.
    os.environ["MPLBACKEND"] = "agg"
    from secondlevel.cli.app import app  # noqa: PLC0415 - after the setting above

    app()
