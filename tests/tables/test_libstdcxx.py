from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from diagnose.tables import make_libstdcxx
from diagnose.tables.libstdcxx import newer_function

LIBRARY = next(Path("/usr/lib").glob("*-linux-gnu/libstdc++.so.6"), None)


def test_a_function_has_its_name_and_the_gcc_that_brought_it() -> None:
    found = newer_function("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE7reserveEv")
    assert found is not None
    assert found == ("std::string::reserve()", "GLIBCXX_3.4.29", "11.1")
    assert newer_function("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE7reserveEm") is None


@pytest.mark.skipif(LIBRARY is None or not shutil.which("c++filt"), reason="needs libstdc++.so.6 and binutils")
def test_the_table_says_what_the_installed_library_does() -> None:
    here = set(make_libstdcxx.text(str(LIBRARY)).splitlines()[1:])
    table = set(Path(make_libstdcxx.TABLE).read_text(encoding="utf-8").splitlines()[1:])
    newest = max(int(line.split()[0]) for line in table)
    known = {line for line in here if int(line.split()[0]) <= newest}
    assert len(known) > 400
    symbols = {line.split()[1] for line in table}
    # each processor has a few of its own, for its number formats
    assert {line.split()[1] for line in known if not re.search(r"ieee|[ge]\d*_|Df", line)} <= symbols
