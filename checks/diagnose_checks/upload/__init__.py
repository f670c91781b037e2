"""Causes for which an index or an installer refuses a wheel, whatever its code is."""
