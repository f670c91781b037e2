"""The table of crates that a newer Rust does not compile."""

from __future__ import annotations

from diagnose.model.versions import newer
from diagnose.tables.rust_breaks import broken, rows


def test_each_row_is_of_its_series_and_the_table_in_order() -> None:
    assert [(row.crate, row.series) for row in rows()] == sorted((row.crate, row.series) for row in rows())
    assert all(row.fixed.startswith(f"{row.series}.") for row in rows())


def test_a_version_is_broken_before_the_fixed_one_of_its_own_series() -> None:
    row = broken("ahash", "0.7.6")
    assert row is not None
    assert newer(row.fixed, "0.7.6")
    assert broken("ahash", row.fixed) is None
    assert broken("ahash", "0.70.1") is None
    assert broken("demo", "0.7.6") is None
