"""What dynamic linkers do with a file, by release: models of glibc's and musl's, free of any other judgement.

Both take facts (:class:`diagnose.readers.elf.Elf`) and answer with what the loader says, word for word, for the
release that is asked about. They are held against the real loaders by ``tests/e2e/test_loaders.py``.
"""
