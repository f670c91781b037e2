"""``python -m diagnose`` is the console script."""

from diagnose.cli.fast import main

if __name__ == "__main__":
    main()
