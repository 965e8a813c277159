"""Which fields are personal, how traits are split, and who is a child."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.privacy.personal import is_personal, split, under_14

PERSONAL = re.findall(
    r"\S+",
    """
    email E-Mail emailAddress email_address $email contactEmail phone Phone2 homePhone mobile
    mobile_number TELEPHONE name first_name firstName FIRSTNAME lastName last-name name.first
    user.name customer_name username nickName address address.city address_line1 addressLine2
    billingAddress shipping.address.street home_address_street street postcode ZIP postal_code
    birthday date_of_birth dateOfBirth DOB id_number idNumber idCardNo passport_number ip ip_address
    IPAddress lastLoginIP ipv4 user_agent userAgent User-Agent wechat WeChatID openid device_id
    email_sha256 sha256_email_address emailSHA256 card_number bank_card latitude ＥＭＡＩＬ 手机 手机号 手机号码
    联系电话 邮箱 电子邮箱 姓名 真实姓名 收货地址 地址 身份证 身份证号码 微信 微信号 出生日期 银行卡号 收件人 电话1
    """,
)
PLAIN = re.findall(
    r"\S+",
    """
    product_name itemName campaign_name page_name brand.name headphone microphone iphone phone_model
    phoneModel mobile_os email_opt_in city country age gender tier plan total price sku category
    shipping_method recipe zipper description mailing_list order_id currency name_length hash sha256
    手机型号 手机品牌 城市 性别 年龄 商品名称 品牌 网址
    """,
)


@pytest.mark.parametrize("field", PERSONAL)
def test_the_field_is_personal(field: str):
    assert is_personal(field)


@pytest.mark.parametrize("field", PLAIN)
def test_the_field_is_not_personal(field: str):
    assert not is_personal(field)


def test_traits_are_split_at_any_depth_and_keep_their_shape():
    traits = {
        "tier": "gold",
        "email": "a@b.cn",
        "address": {"city": "杭州", "street": "西湖"},
        "profile": {"points": 3, "phone": "13812345678", "likes": {"tea": True}},
        "pets": [{"kind": "cat"}],
        "family": [{"relation": "wife", "birthday": "1990-01-01"}],
        "empty": {},
        "only": {"姓名": "张三"},
    }
    plain, personal = split(traits)
    assert plain == {
        "tier": "gold",
        "profile": {"points": 3, "likes": {"tea": True}},
        "pets": [{"kind": "cat"}],
        "empty": {},
    }
    assert personal == {
        "email": "a@b.cn",
        "address": {"city": "杭州", "street": "西湖"},
        "profile": {"phone": "13812345678"},
        "family": [{"relation": "wife", "birthday": "1990-01-01"}],
        "only": {"姓名": "张三"},
    }


def leaves(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the path of every value that is not an object."""
    if isinstance(value, dict) and value:
        return {leaf for name, below in value.items() for leaf in leaves(below, (*path, name))}
    return {path}


NAMES = st.sampled_from(["email", "tier", "address", "points", "profile", "手机", "x"])


@settings(deadline=None)
@given(
    st.dictionaries(
        NAMES,
        st.recursive(
            st.integers(), lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2)
        ),
    )
)
def test_nothing_is_lost_doubled_or_left_in_the_open(traits: dict[str, Any]):
    plain, personal = split(traits)
    found = [leaves(part) - {()} for part in (plain, personal)]
    assert found[0] | found[1] == leaves(traits) - {()}
    assert not found[0] & found[1]
    assert not any(is_personal(name) for path in found[0] for name in path)


def test_what_lies_too_deep_to_look_at_is_personal():
    deep: dict[str, Any] = {"email": "a@b.cn"}
    for _ in range(900):
        deep = {"x": deep}
    plain, personal = split(deep)
    assert plain == {}
    assert personal == deep
    assert split({"x": [deep]})[0] == {}


TODAY = date(2025, 6, 15)


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({}, None),
        ({"birthday": "2011-06-16"}, True),
        ({"birthday": "2011-06-15"}, False),
        ({"birthDate": "20110616"}, True),
        ({"date_of_birth": "2011/6/5"}, False),
        ({"生日": "2011年6月16日"}, True),
        ({"birthday": "2011-06-16T00:00:00Z"}, True),
        ({"birthday": date(2011, 6, 16)}, True),
        ({"birthday": datetime(2011, 6, 14, tzinfo=UTC)}, False),
        ({"birthday": "05/07/2011"}, True),
        ({"birthday": "05/06/2011"}, False),
        ({"birthday": "2011"}, True),
        ({"birthday": "2010"}, False),
        ({"birthday": "2011-06"}, True),
        ({"birthday": "2011-05"}, False),
        ({"birthday": "2010年12月"}, False),
        ({"dob": "soon"}, None),
        ({"dob": "2011-13-45"}, None),
        ({"dob": "2031-01-01"}, None),
        ({"age": 13}, True),
        ({"age": "14"}, False),
        ({"年龄": 13.9}, True),
        ({"age": True}, None),
        ({"age": -1}, None),
        ({"age": "nan"}, None),
        ({"age": 30, "birthday": "2015-01-01"}, True),
        ({"身份证号": "11010520110616002X"}, True),
        ({"id_number": "110105199001010020"}, False),
        ({"id_number": "11010520111"}, None),
        ({"child_birthday": "2020-01-01"}, None),
    ],
)
def test_who_is_under_14(traits: dict[str, Any], expected: bool | None):
    assert under_14(traits, TODAY) is expected


def test_a_leap_day_child_is_14_on_the_first_of_march():
    assert under_14({"birthday": "2012-02-29"}, date(2026, 2, 28)) is True
    assert under_14({"birthday": "2012-02-29"}, date(2026, 3, 1)) is False
