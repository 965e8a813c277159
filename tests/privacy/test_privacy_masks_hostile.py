"""Texts made to break a reader of texts: none raises, none takes long, and a mask is final."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.privacy.masks import PROSE, STRUCTURED, find, mask

PIECES = [
    "13812345678",
    "+86 ",
    "11010519491231002X",
    "6222021234567890128",
    "4111 1111 1111 1111",
    "a@b.co",
    "@c.com",
    "203.0.113.9",
    "/24",
    "2001:db8::1",
    "DE89 3704 0044 0532 0130 00",
    "054-28-6917",
    "(212) 555-0199",
    " ext 5",
    "phone ",
    "订单号",
    "card ",
    "order no ",
    "张伟",
    "先生",
    "收件人：",
    "Dear ",
    "John ",
    "Smith",
    "My name is ",
    "Mr. ",
    "浙江省杭州市西湖区",
    "文三路478号",
    "12 Main Street",
    ", Mountain View, CA 94043",
    "１３８",
    "\u0000",
    "\ud800",
    "*",
    "-",
    " ",
    ".",
    "\n",
    "、",
    "0",
    "7",
    "\u202f",
    "–",
]
UNITS = [
    "1",
    "@",
    "a@",
    "1-",
    "1.",
    "0 ",
    "a@a.",
    "+(1",
    ":",
    "a:",
    "1:",
    "GB42 ",
    "138 ",
    "13812345678 ",
    "(",
    "王",
    "路1号",
    "北京市海淀区",
    "Ab ",
    "1 Ab ",
    "\ud800",
]
SIZE = 100_000


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_masking_a_masked_text_changes_nothing(text: str):
    masked = mask(text)
    assert mask(masked) == masked


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_spans_of_any_text_are_in_order_and_apart(text: str):
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_text_takes_time_in_proportion(unit: str):
    text = (unit * SIZE)[:SIZE]
    start = time.process_time()
    find(text, STRUCTURED)
    structured = time.process_time() - start
    find(text, PROSE)
    assert structured < 1.5
    assert time.process_time() - start < 5


def test_a_megabyte_of_digits_is_read_in_a_second():
    start = time.process_time()
    assert mask("7" * 1_000_000) == "7" * 1_000_000
    assert time.process_time() - start < 3
