"""Compilers, linkers, Rust, Python and emulators of a system."""
