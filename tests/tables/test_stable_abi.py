from __future__ import annotations

from pathlib import Path

from diagnose.tables import make_abi3
from diagnose.tables.stable_abi import stable_abi


def test_the_table_is_what_abi3info_says() -> None:
    assert Path(make_abi3.TABLE).read_text(encoding="utf-8") == make_abi3.text()


def test_a_symbol_has_the_version_that_added_it() -> None:
    assert stable_abi()["PyType_FromSpec"] == (3, 2)
    assert stable_abi()["PyBaseObject_Type"] == (3, 2)
    assert "_PyObject_GC_New" not in stable_abi() or stable_abi()["_PyObject_GC_New"] == (3, 2)
