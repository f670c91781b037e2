"""Helpers for checks, built in or from a plugin, in addition to the readers and :mod:`diagnose.remedies`."""
