"""``python -m diagnose`` is the console script."""

from diagnose.start import main

if __name__ == "__main__":
    main()
