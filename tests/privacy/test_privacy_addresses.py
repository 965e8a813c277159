"""Addresses of machines, cut short."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.privacy.addresses import truncate


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("203.0.113.77", "203.0.113.0"),
        (" 203.0.113.77 ", "203.0.113.0"),
        ("203.0.113.77:54321", "203.0.113.0"),
        ("2001:db8:aa:bb:cc:dd:ee:ff", "2001:db8:aa::"),
        ("[2001:db8:aa:bb::1]:443", "2001:db8:aa::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("2002:cb00:714d::1", "2002:cb00:7100::"),
        ("::1", "::"),
        ("", ""),
        ("localhost", ""),
        ("203.0.113", ""),
        ("203.0.113.777", ""),
        ("203.0.113.077", ""),
        ("1.2.3.4, 5.6.7.8", ""),
        ("[::1", ""),
    ],
)
def test_the_address_is_cut(ip: str, expected: str):
    assert truncate(ip) == expected


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_neighbours_in_a_24_cannot_be_told_apart(number: int, last: int):
    assert truncate(str(IPv4Address(number))) == truncate(str(IPv4Address(number & ~0xFF | last)))


@settings(deadline=None)
@given(st.ip_addresses(v=6), st.integers(0, 2**80 - 1))
def test_neighbours_in_a_48_cannot_be_told_apart(address: IPv6Address, low: int):
    if address.ipv4_mapped is None and int(address) >> 80:
        assert truncate(str(address)) == truncate(str(IPv6Address(int(address) >> 80 << 80 | low)))


@settings(deadline=None)
@given(st.ip_addresses())
def test_cutting_twice_changes_nothing(address: object):
    assert truncate(truncate(str(address))) == truncate(str(address)) != ""
