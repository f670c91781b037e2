"""Makes ``libstdcxx.txt``, the newer functions of GCC's C++ library, from a ``libstdc++.so.6``.

Needs ``nm`` and ``c++filt`` of binutils. Run with the file of the newest GCC::

    python -m diagnose.tables.make_libstdcxx /usr/lib/x86_64-linux-gnu/libstdc++.so.6
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

TABLE = os.path.join(os.path.dirname(__file__), "libstdcxx.txt")
OLDEST = 26  # of GCC 9: code that is built for older ones is not met any more
_NAME = 100  # characters of a function's name that are kept


def text(library: str) -> str:
    """Return the table of *library*: ``VERSION SYMBOL NAME`` per line, the last digits of the version alone."""
    listed = _printed(["nm", "-D", "--defined-only", library])
    found = {
        (int(match[2]), match[1]) for match in re.finditer(r" [A-Za-z] (_Z\w+)@+GLIBCXX_3\.4\.(\d+)$", listed, re.M)
    }
    rows = sorted(row for row in found if row[0] >= OLDEST)
    names = _printed(["c++filt"], "\n".join(symbol for _, symbol in rows)).splitlines()
    head = "# nm -D of libstdc++.so.6 of GCC 14.2: last part of GLIBCXX_3.4.N, symbol, name\n"
    return head + "".join(
        f"{version} {symbol} {_short(name)}\n" for (version, symbol), name in zip(rows, names, strict=True)
    )


def _short(name: str) -> str:
    for long, short in (
        ("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"),
        ("std::__cxx11::", "std::"),
        (", std::allocator<char>", ""),
        (", std::char_traits<char>", ""),
    ):
        name = name.replace(long, short)
    return name if len(name) <= _NAME else f"{name[:_NAME]}…"


def _printed(command: list[str], given: str = "") -> str:
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True, text=True).stdout


if __name__ == "__main__":
    with open(TABLE, "w", encoding="utf-8", newline="\n") as file:
        file.write(text(sys.argv[1]))
