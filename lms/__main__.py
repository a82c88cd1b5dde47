"""`python -m lms`: the command line."""

from lms.cli import main

if __name__ == "__main__":
    main()
