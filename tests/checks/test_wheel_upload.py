"""The index's rules for METADATA and descriptions, against twine, packaging and the renderer that the index uses."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docutils.parsers.rst import directives, roles
from docutils.parsers.rst.languages import en
from facts import found, levels, wheel
from packaging.metadata import Metadata as CoreMetadata
from readme_renderer import rst
from twine.commands import check as twine_check
from twine.exceptions import InvalidDistribution
from twine.package import PackageFile
from wheels import EXPECTED, FOLDER, findings

from diagnose.readers.wheel import markup
from diagnose.readers.wheel.metadata import Metadata, description, fields
from diagnose.tables import make_classifiers
from diagnose.tables.classifiers import classifiers

TAG = "cp312-cp312-manylinux2014_x86_64"
CORE = "Metadata-Version: 2.4\nName: demo\nVersion: 1\n"
#: The checks of what twine reads.
JUDGED = {
    "wheel-metadata-invalid",
    "wheel-metadata-not-accepted",
    "wheel-description-invalid",
    "wheel-name-mismatch",
    "wheel-name-not-normalized",
    "wheel-license-file-missing",
}
#: Fixture → why a finding about it is right although twine accepts the file. Source: the index's code of 2026-08.
STRICTER_THAN_TWINE = {
    "wheel_name_mismatch": "twine reads METADATA only; the index compares it with the file name",
    "wheel_name_mismatch_version": "as above",
    "wheel_name_mismatch_folder": "twine takes any METADATA; the index the one of the file name",
    "wheel_name_mismatch_spelling": "as above",
    "Wheel.Name_Not_Normalized": "twine normalizes the name that it sends; the index requires it in the file name",
    "wheel_name_not_normalized_local": "only the index refuses local versions",
    "wheel_license_file_missing": "twine does not look for the files",
    "wheel_metadata_invalid_url": "a URL is a valid dependency; only the index refuses it",
    "wheel_metadata_not_accepted": "only the index has a list of classifiers",
    "wheel_metadata_not_accepted_unknown": "only the index has a list of classifiers",
    "wheel_metadata_not_accepted_address": "only the index reads addresses",
}


def _twine_refuses(path: Path) -> str:
    try:
        PackageFile.from_filename(str(path), None)
    except InvalidDistribution as error:
        return str(error)
    stream = twine_check._WarningStream()
    return "" if twine_check._check_file(str(path), stream)[1] else str(stream) or "the description does not render"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_twine_refuses_what_a_finding_says(name: str) -> None:
    path = FOLDER / name
    ours = {one.check for one in findings(path)} & JUDGED
    case = name.partition("-1")[0]
    if case in STRICTER_THAN_TWINE and "-1" in name:
        assert ours and not _twine_refuses(path)
    else:
        assert bool(ours) == bool(_twine_refuses(path))


def _accepted(core: str, text: str = "") -> list[str]:
    return levels("wheel-metadata-not-accepted", wheel(TAG, metadata=Metadata(core=fields(core), description=text)))


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Classifier: Programming Language :: Rust", []),
        ("Classifier: Programming Language :: Python :: 3.99", []),  # may be added any day
        ("Classifier: Programming Language :: rust", ["warning"]),
        ("Classifier: License :: OSI Approved :: Jabber Open Source License", ["warning"]),
        ("Classifier: Private :: Do Not Upload", ["note"]),
        ("Classifier: Topic :: Birdwatching", ["note"]),
        ("Home-Page: https://mirror.example", []),
        ("Home-Page: UNKNOWN", []),
        ("Home-Page: mirror.example", ["warning"]),
        ("Project-URL: Source, https://mirror.example", []),
        ("Project-URL: Source, mailto:a@mirror.example", ["warning"]),
        ("Project-URL: " + "x" * 32 + ", https://mirror.example", []),
        ("Project-URL: " + "x" * 33 + ", https://mirror.example", ["warning"]),
        ("Author-email: Demo <demo@mirror.example>", []),
        ("Author-email: demo@build.local", ["warning"]),
        ("Maintainer-email: unknown", ["warning"]),
        ("Summary: " + "x" * 512, []),
        ("Summary: " + "x" * 513, ["warning"]),
        ("License: MIT", []),
        ("License: MIT\nLicense-Expression: MIT", ["warning"]),
    ],
)
def test_what_only_the_index_refuses(line: str, level: list[str]) -> None:
    assert _accepted(f"{CORE}{line}\n") == level
    CoreMetadata.from_email(f"{CORE}{line}\n")


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"])
@pytest.mark.parametrize(
    "line",
    [
        "Platform: x\nPlatform: y",
        "Summary: a\nSummary: b",
        "Keywords: a\nKeywords: b",
        "Supported-Platform: x",
        "Classifier: Programming Language :: Rust",
        "Requires-Dist: a",
        "Maintainer: a",
        "Description-Content-Type: text/plain",
        "Provides-Extra: a",
        "Provides-Extra: a b",
        "Provides-Extra: -a",
        "Provides-Extra: A_b.c",
        "Dynamic: Summary",
        "Dynamic: Name",
        "Dynamic: Colour",
        "License-Expression: MIT",
        "License-Expression: mit or Apache-2.0",
        "License-Expression: GPL",
        "License-Expression: MIT AND",
        "License-Expression: LicenseRef-Own",
        "License-Expression: GPL-2.0-only WITH Classpath-exception-2.0",
        "Import-Name: demo",
        "Project-URL: a, https://mirror.example\nProject-URL: a, https://index.example",
        "Colour: blue",
    ],
)
def test_what_packaging_refuses(line: str, version: str) -> None:
    core = CORE.replace("2.4", version) + line + "\n"
    try:
        CoreMetadata.from_email(core)
        valid = True
    except Exception as error:  # an ExceptionGroup, which Python 3.10 has not
        assert type(error).__name__ == "ExceptionGroup"
        valid = False
    assert (_accepted(core) == []) is valid


def test_many_wrong_fields_cost_linear_time() -> None:
    many = "".join(f"F{number}: x\nClassifier: Topic :: {number} :: {number}\n" for number in range(15000))
    assert _accepted(CORE + many) == ["warning", "note"]


def test_old_back_ends_name_licence_files_in_old_metadata() -> None:
    assert _accepted(CORE.replace("2.4", "2.1") + "License-File: LICENSE\n") == []


def test_the_table_of_classifiers_is_current() -> None:
    assert Path(make_classifiers.TABLE).read_text(encoding="utf-8") == make_classifiers.text()
    assert len(classifiers().known) > 800 and classifiers().deprecated


def test_the_names_of_directives_and_roles_are_those_of_docutils() -> None:
    assert set(en.directives) | set(directives._directive_registry) == markup.DIRECTIVES  # type: ignore[attr-defined]
    assert {name.lower() for name in (*en.roles, *roles._role_registry)} == markup.ROLES  # type: ignore[attr-defined]


def _renders(text: str) -> bool:
    return rst.render(text, stream=io.StringIO()) is not None


REFUSED = [
    "Demo\n===\n\n.. code-block:: python\n   :linenos:\n\n   x = 1\n",
    "A title\n=====\n\ntext\n",
    "=====\nA title\n=====\n\ntext\n",
    "=======\nA title\n======\n\ntext\n",
    "Demo\n====\n\n.. toctree::\n\n   usage\n",
    "Demo\n====\n\n.. raw:: html\n\n   <br>\n",
    "Demo\n====\n\n.. include:: README.md\n",
    "See :ref:`usage`.\n",
    "- See :ref:`usage`.\n",
    "See `usage`:ref:.\n",
    "a ``b` c\n",
    "a *b c\n",
    "a **b* c\n",
    "a `b c\n",
    "a |b c\n",
    "see usage_ now\n",
    "see `the usage`_ now\n",
    ".. _a: http://mirror.example/1\n.. _a: http://mirror.example/2\n\na_\n",
    "one\ntwo\n   three\n",
    "text::\n\nmore\n",
    "text::\n\n   code\nmore\n",
    "- one\n- two\nmore\n",
    ".. note:: x\ntext\n",
    "text\n\n  quote\ntext\n",
    "A\n=\n\nB\n-\n\nC\n~\n\nD\n=\n\nE\n~\n",
]
RENDERED = [
    "A\n==\n\ntext\n",
    "a * b and a*b, 2 ** 3, __init__, (*) \"`\" and '*'\n",
    "a ``*b`` and ``:ref:`x``` and \\*c and \\:ref:`x`\n",
    "a *\n",
    "text::\n\n> quoted\n> code\n\nmore\n",
    "text::\n\n   :ref:`x` *\n   .. toctree::\n\nmore\n",
    "=====  =====\na      b\n=====  =====\n\\*     [#]\n\nc      - d\n=====  =====\n\nmore\n",
    "term\n  definition\nother\n  definition\n",
    "- one\n\n  more\n- two\n",
    "1. one\n\n   more\n2. two\n",
    "see usage_ now\n\n.. _Usage: http://mirror.example\n",
    "see `The\nUsage`_ now\n\nthe usage\n=========\n\ntext\n",
    "see usage_\n\n.. _usage:\n\ntext\n",
    "`a`__ and `b`__\n\n.. __: http://mirror.example/1\n.. __: http://mirror.example/2\n",
    "`a <http://mirror.example/1>`_ and `a <http://mirror.example/2>`_\n",
    "`a <http://mirror.example/1>`__ and `a <http://mirror.example/2>`__\n",
    ".. role:: own\n\n:own:`x`\n",
    "..\n\ntext\n",
    ".. comment\n   more\n\n.. |x| replace:: y\n\n|x|\n",
    "one\n   two\n\n   three\n",
    "|a\n|b\n",
    "a\n---\n\nb\n\n----\n\nc\n",
    ":field: value\n\n-a  option\n\n>>> x = '*'\n\ntext\n",
    "中文\n====\n\ntext\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_markup_that_the_index_refuses(text: str) -> None:
    assert markup.flaws(text)
    assert not _renders(text)


@pytest.mark.parametrize("text", RENDERED)
def test_markup_that_renders(text: str) -> None:
    assert markup.flaws(text) == ()
    assert _renders(text) or text == "|a\n|b\n"


@pytest.mark.parametrize("text", [text for text in RENDERED if _renders(text)])
def test_cut_and_edited_markup(text: str) -> None:
    """No text that renders has a flaw, wherever it is cut, and whichever line is lost or indented.

    docutils keeps the roles that a document defines, so no text defines a role that another one must not have.
    """
    lines = text.splitlines()
    variants = [text[:end] for end in range(1, len(text))]
    for index in range(len(lines)):
        variants += ["\n".join(lines[:index] + lines[index + 1 :])]
        for extra in ("  ", "*"):
            variants.append("\n".join([*lines[:index], extra + lines[index], *lines[index + 1 :]]))
    for variant in variants:
        if markup.flaws(variant):
            assert not _renders(variant), variant


def test_markup_costs_linear_time() -> None:
    for text in ("a_ " * 80000, "*a* " * 60000, "`a" * 100000, "- a\n" * 60000, "a\n=\n" * 60000, "`a <b>`_ " * 20000):
        assert len(markup.flaws(text)) <= markup.MAX_FLAWS


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_description_comes_after_the_first_empty_line(newline: str) -> None:
    core = CORE.replace("\n", newline)
    assert description(core) == ""
    assert description(f"{core}{newline}a{newline}{newline}b") == f"a{newline}{newline}b"


def test_a_description_of_another_format_is_not_examined() -> None:
    for kind in ("text/markdown", "text/plain", "text/markdown; variant=GFM"):
        core = f"{CORE}Description-Content-Type: {kind}\n"
        about = wheel(TAG, metadata=Metadata(core=fields(core), description=REFUSED[0]))
        assert levels("wheel-description-invalid", about) == []
    about = wheel(TAG, metadata=Metadata(core=fields(CORE), description=REFUSED[0]))
    (finding,) = found("wheel-description-invalid", about)
    assert "text/markdown" in finding.fixes[0].notes


@pytest.mark.parametrize(
    ("size", "level"), [(100 << 20, []), ((100 << 20) + 1, ["note"]), (1 << 30, ["note"]), ((1 << 30) + 1, ["warning"])]
)
def test_size_limits(size: int, level: list[str]) -> None:
    assert levels("wheel-too-large", wheel(TAG, size=size)) == level


def test_a_large_wheel(tmp_path: Path) -> None:
    source = FOLDER / "healthy_pure-2-py3-none-any.whl"
    path = tmp_path / source.name
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("healthy_pure/data.bin", bytes(101 << 20))
    assert [one.severity.value for one in findings(path) if one.check == "wheel-too-large"] == ["note"]
