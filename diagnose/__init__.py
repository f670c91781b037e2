"""Says why a cross-built Python wheel, or its build, fails, and exactly what to do."""

__version__ = "0.1.0"
