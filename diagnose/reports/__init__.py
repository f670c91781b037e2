"""Reports: one module per format, each with one function ``render(report, ...)``."""
