"""Readers: facts only. A reader never judges."""
