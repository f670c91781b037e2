"""Mail fields of METADATA against the code with which the package index judges them."""

from __future__ import annotations

import email.utils

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.authoring import mail_address


def _index_refuses(field: str) -> bool:
    """As warehouse/forklift/metadata.py; newer Pythons find no address where there are several."""
    if len(email.utils.getaddresses([field])) > 1:
        return False
    address = email.utils.parseaddr(field)[1]
    try:
        return bool(address and not email_validator.validate_email(address, check_deliverability=False))
    except email_validator.EmailNotValidError:
        return True


REFUSED = [
    "unknown",
    "UNKNOWN",
    "the demo team",
    "demo at mirror dot example",
    "demo@build",
    "demo@localhost",
    "Demo <demo@build.local>",
    "Demo Inc. <demo@mirror.test>",
    "demo@x.invalid",
    "demo@10.0.0.1",
    "demo@my_host.org",
    "demo@-host.org",
    "demo@host-.org",
    "demo@host..org",
    "demo@host.org.",
    ".demo@host.org",
    "demo.@host.org",
    "de..mo@host.org",
    '"Demo, Inc." <demo@build>',
    "<demo>",
    "demo@" + "a" * 64 + ".org",
    "demo@" + ".".join(["a" * 40] * 7) + ".org",
]
ACCEPTED = [
    "",
    "demo@mirror.example",
    "Demo <demo@mirror.example>",
    '"Demo, Inc." <demo@mirror.example>',
    "Demo <1234+demo@users.noreply.mirror.example>",
    "a@build, b@build",
    "Demo <a@build>, Other <b@build>",
    "déjà@mirror.example",
    "demo@xn--bcher-kva.example",
    "demo@bücher.example",
    "#!$%&'*+-/=?^_`{|}~@mirror.example",
    "a" * 70 + "@mirror.example",
]


@pytest.mark.parametrize("field", REFUSED)
def test_what_the_index_refuses(field: str) -> None:
    assert mail_address.refusal(field)
    assert _index_refuses(field)


@pytest.mark.parametrize("field", ACCEPTED)
def test_what_the_index_accepts(field: str) -> None:
    assert mail_address.refusal(field) == ""
    assert not _index_refuses(field)


_PARTS = st.sampled_from([*"ab.@<> -_+,;:()[]1é", "org", "local", "Demo ", "x@y.org", "=?utf-8?q?a?=", "xn--a", '"'])


@given(st.lists(_PARTS, max_size=14).map("".join))
def test_no_accepted_field_is_refused_here(field: str) -> None:
    if mail_address.refusal(field):
        assert _index_refuses(field)
