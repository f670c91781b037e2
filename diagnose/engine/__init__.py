"""Finds the checks, runs them over subjects, orders what they find."""
