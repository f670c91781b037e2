"""pkg-config: the program, its ``.pc`` files, and its answers to a crate."""
