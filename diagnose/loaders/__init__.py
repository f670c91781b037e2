"""What dynamic linkers do with a file, by release: models of glibc's and musl's, free of any other judgement.

Both take facts (:class:`diagnose.readers.elf.Elf`) and answer with the exact message of the loader in
the given release. They are held against the real loaders by ``tests/e2e/test_loaders.py``.
"""
