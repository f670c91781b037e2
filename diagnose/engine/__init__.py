"""Finds the checks, runs them over subjects, and orders their findings."""
