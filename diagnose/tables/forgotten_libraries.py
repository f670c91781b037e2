"""Functions of libraries that every system has, and that links forget.

Sources: the headers of zlib, bzip2, xz, zstd, SQLite, libffi, util-linux; the manual pages and NEWS of glibc: since
2.34 libc itself has the functions of librt, libpthread and libdl, since 2.17 those of clocks. November 2026.
"""

from __future__ import annotations

#: The name of a function as a pattern, its library, and the number in the library's SONAME.
FORGOTTEN = (
    (r"_?gz(?:open|close|read|write|gets|puts|eof|error|seek|tell|dopen)\w*$", "z", "1"),
    (r"_?(?:in|de)flate(?:Init|End|Reset)\w*$", "z", "1"),
    (r"_?BZ2_\w+$", "bz2", "1.0"),
    (r"_?lzma_\w+$", "lzma", "5"),
    (r"_?ZSTD_\w+$", "zstd", "1"),
    (r"_?(?:sqlite3_)\w+$", "sqlite3", "0"),
    (r"_?ffi_(?:call|closure_alloc|prep_cif)\w*$", "ffi", "8"),
    (r"_?uuid_(?:generate|unparse|parse)\w*$", "uuid", "1"),
    (r"shm_(?:open|unlink)$|mq_\w+$|timer_(?:create|delete|[gs]ettime|getoverrun)$", "rt", "1"),
    (r"clock_(?:[gs]ettime|getres)$|(?:aio|lio)_\w+$", "rt", "1"),
    (r"pthread_(?:create|join|detach|key_create|once|rwlock_\w+|mutexattr_\w+|barrier_\w+)$", "pthread", "0"),
    (r"sem_(?:init|post|wait)$", "pthread", "0"),
    (r"dl(?:open|sym|close|error|addr)$", "dl", "2"),
)
#: Libraries that glibc alone has: elsewhere these functions are in libc, or nowhere.
OF_GLIBC = ("rt", "pthread", "dl")
