"""The command line: one table of options (:mod:`~diagnose.cli.options`), from which all else here is made."""
