"""Personal data in free text: known answers for every kind, and what has to stay."""

from __future__ import annotations

import pytest

from regulars.core.errors import UsageError
from regulars.privacy.masks import KINDS, STRUCTURED, Span, find, mask, mask_structured

MASKS = {
    "我的手机13812345678": "我的手机138****5678",
    "call +86 138-1234-5678 now": "call 138****5678 now",
    "0086 138 1234 5678": "138****5678",
    "(+86)13812345678": "138****5678",
    "+8613812345678": "138****5678",
    "138.1234.5678": "138****5678",
    "电话１３８１２３４５６７８微信同号": "电话138****5678微信同号",
    "tel13812345678": "tel138****5678",
    "13812345678/13912345678": "138****5678/139****5678",
    "010-12345678": "01******678",
    "座机010-62345678转": "座机01******678转",
    "400 房间 021 62345678-803": "400 房间 021*******8803",
    "(0571)87654321": "057*****4321",
    "+44 20 7946 0958": "442*****0958",
    "(212) 555-0199": "21*****199",
    "212-555-0199x123": "21*****199",
    "投诉电话82732356、82001129": "投诉电话82****56、82****29",
    "身份证11010519491231002X": "身份证110***********002X",
    "１１０１０５１９４９１２３１００２Ｘ": "110***********002X",
    "110105 19491231 002x": "110***********002x",
    "身份证110105491231002": "身份证110********1002",
    "卡6222021234567890128": "卡6222***********0128",
    "card 4111-1111-1111-1111": "card 4111********1111",
    "card 4111 1111 1111 1111.": "card 4111********1111.",
    "邮箱zhang@example.cn谢谢": "邮箱z***@example.cn谢谢",
    "zhang＠example.cn": "z***@example.cn",
    "from 203.0.113.9, again": "from 203.0.113.0/24, again",
    "IPv6:2001:db8:85a3::8a2e:370:7334": "IPv6:2001:db8:85a3::/48",
    "IBAN DE89 3704 0044 0532 0130 00": "IBAN DE89**************3000",
    "SSN 054-28-6917": "SSN ***-**-6917",
    "收件人：张伟": "收件人：张*",
    "我叫欧阳修，": "我叫欧阳*，",
    "王小明先生您好": "王*先生您好",
    "Dear Mr. John Smith,": "Dear Mr. J*** S***,",
    "My name is Ada Lovelace.": "My name is A*** L***.",
    "李雷收 13812345678": "李*收 138****5678",
    "浙江省杭州市西湖区文三路 478 号 3 幢 201 室": "浙江省杭州市西湖区***",
    "1600 Amphitheatre Pkwy, Apt 4, Mountain View, CA 94043": "***, Mountain View, CA",
}

KEPT = [
    "订单号 202411240001234567",
    "订单编号：13812345678",
    "运单号 773012345678901",
    "order 4501234567890123",
    "Order no. 4111111111111111",
    "tracking number 212-555-0199",
    "SKU 4111111111111111",
    "SKU-13812345678",
    "AB13812345678",
    "0.13812345678",
    "GDP 13812345678元",
    "EAN 4006381333931",
    "4006381333931",
    "6901234567892",
    "¥1380000.00",
    "2024-11-24 10:30:45",
    "call me on 2024-11-24",
    "20241124",
    "版本 1.2.3.4",
    "v10.0.0.1",
    "203.0.113.0/24",
    "2001:db8:85a3::/48",
    "std::vector a::b",
    "icon@2x.png",
    "@zhangsan",
    "拨打400-810-6666",
    "1920x1080, 250g, 3件",
    "邮编 100000",
    "GB00 1234 5678 9012 3456 78",
    "000-12-3456",
    "尾号1234的卡",
    "110105194913310021",
    "安装师傅什么时候来",
    "客户经理在吗",
    "Dear Customer,",
    "",
]


@pytest.mark.parametrize(("text", "masked"), MASKS.items())
def test_each_kind_has_its_form(text: str, masked: str):
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_personal_data_stays(text: str):
    assert find(text) == []
    assert mask(text) == text


def test_spans_are_offsets_into_the_original_in_order():
    text = "邮箱：a@b.cn，手机１３８１２３４５６７８"
    assert find(text) == [Span(3, 9, "email"), Span(12, 23, "phone")]


def test_an_order_word_gives_way_to_a_right_check_digit():
    assert [span.kind for span in find("订单号11010519491231002X")] == ["id_number"]
    assert find("订单号110105194912310021") == []


def test_a_wrong_check_digit_is_still_an_identity_number():
    assert mask("身份证110105194912310021") == "身份证110***********0021"


def test_only_the_kinds_asked_for_are_masked():
    text = "张伟女士 13812345678 z@example.cn"
    assert mask(text, ["email"]) == "张伟女士 13812345678 z***@example.cn"
    assert mask(text, {"name"}) == "张*女士 13812345678 z@example.cn"
    assert mask_structured(text) == mask(text, STRUCTURED) == "张伟女士 138****5678 z***@example.cn"
    assert find("6222021234567890128", ["phone"]) == []


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="passport"):
        find("x", ["passport"])
    assert "us_ssn" in KINDS
