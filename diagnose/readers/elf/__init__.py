"""ELF files, and how the dynamic loader and the linker find them."""
