"""pkg-config: the program, its ``.pc`` files, and what a crate is answered."""
