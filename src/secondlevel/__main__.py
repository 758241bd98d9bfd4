"""`python -m secondlevel` is the command `secondlevel`."""

from secondlevel.cli import main

if __name__ == "__main__":
    main()
