"""Fixes rendered as scripts, diffs and config blocks; and applied."""
