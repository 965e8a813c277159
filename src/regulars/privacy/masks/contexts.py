"""Words beside a number that say what it is: an order's, a telephone's, a card's."""

from __future__ import annotations

import re
from typing import Final

WINDOW: Final = 48
"""Characters before a number that are read."""

_CODES_TEXT: Final = (
    "订单 单号 运单 快递 物流 物流单 包裹 流水 流水号 交易 交易号 订单号 编号 编码 货号 款号 型号 条码 条形码"
    " 商品 商品号 商品码 串号 序列 序列号 批号 批次 批次号 券码 券号 兑换码 激活码 取件码 提货码 验证码 发票"
    " 发票号 发票号码 发票代码 税号 信用代码 卡密 工单 工单号 合同号 快递号 运单号码 物流号 支付号 店铺号 图号"
    " 版本号"
)
_CODES: Final = tuple(_CODES_TEXT.split())
_CODE_WORDS_TEXT: Final = (
    "order orders ord tracking waybill parcel package shipment consignment invoice receipt serial s/n sn imei"
    " barcode ean upc gtin isbn asin sku spu ticket coupon voucher po rma transaction txn item product model"
    " batch article awb license licence version build reference ref sscc fnsku"
)
_CODE_WORDS: Final = frozenset(_CODE_WORDS_TEXT.split())
_CODE_WORDS_NUMBERED_TEXT: Final = "case lot part job quote design drawing"
_CODE_WORDS_NUMBERED: Final = frozenset(_CODE_WORDS_NUMBERED_TEXT.split())
"""Ordinary words that mean a code only with 'no.', 'number' or the like behind them."""
_FILLERS_TEXT: Final = "no nr num number numbers code codes id is was are the a n"
_FILLERS: Final = frozenset(_FILLERS_TEXT.split())
_BETWEEN: Final = " \t\r\n:#.,=([\"'*/-是为"
_WORD: Final = re.compile("[a-z/]+")

PHONE: Final = re.compile(
    r"(?:电话|座机|固话|传真|热线|联系方式|致电|拨打|回电|来电|分机"
    r"|(?<![a-z])(?:tele?phones?|phones?|phoned|tel|mobiles?|mob|cell|cellphone|landline|fax|desk|whatsapp|viber|sms|texts?"
    r"|texted|calls?|called|calling|dial|dialled|ring|rang|reach(?:ed)?|contact(?:ed)?|hotline|answer|answering"
    r"|messages? to|registered))(?![a-z])[^0-9;。；!?]{0,16}\Z",
    re.IGNORECASE,
)
"""A telephone number may follow in any grouping."""
PHONE_AFTER: Final = re.compile(r"[\s,(\\-]{1,3}(?:office|fax|mobile|cell|home|desk|work)\b", re.IGNORECASE)
CARD: Final = re.compile(
    r"(?:卡号?|账号|账户|帐号|帐户"
    r"|(?<![a-z])(?:cards?|cc|visa|mastercard|amex|maestro|discover|jcb|diners|debit|credit))(?![a-z])[^0-9;。；]{0,16}\Z",
    re.IGNORECASE,
)
IDENTITY: Final = re.compile(r"(?:身份证?|证件|(?<![a-z])(?:id|identity))(?![a-z])[^0-9;。；]{0,16}\Z", re.IGNORECASE)
SOCIAL: Final = re.compile(r"(?:(?<![a-z])ssn|social security|社会安全)[^0-9;。；]{0,16}\Z", re.IGNORECASE)
VERSION: Final = re.compile(
    r"(?:版本|固件|系统|驱动|升级到|更新到|章|节|(?<![a-z])(?:version|ver|firmware|build|release|ios|android|windows|chrome|v))"
    r"[号为是:\s.]{0,3}\Z",
    re.IGNORECASE,
)
UNIT: Final = re.compile(
    r" ?(?:元|块|人民币|件|个|台|万|亿|美元|积分|%|(?:rmb|cny|usd|eur|kg|ml|g|pcs|points)\b)", re.IGNORECASE
)
"""An amount, not a number to dial."""
_PRICED: Final = ("$", "¥", "￥", "€", "£", "RMB", "CNY", "USD", "EUR")
_GLUED: Final = re.compile(r"[A-Za-z0-9_][-_/.#]?\Z")
_LABEL: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:tel|phone|mobile|mob|cell|fax|wx|vx|weixin|wechat|qq|[tmvp]|no|id|card|cc|ssn|ip|user|pin)[-_/.#:]?\Z",
    re.IGNORECASE,
)
"""Letters right before that are a label, as in 'tel13812345678'."""


def before(text: str, at: int) -> str:
    """Return the characters that stand before a number."""
    return text[max(0, at - WINDOW) : at]


def glued(lead: str) -> bool:
    """Return whether a number is the tail of a code: a letter or digit stands right before, and is no label."""
    return _GLUED.search(lead[-2:]) is not None and _LABEL.search(lead[-12:]) is None


def priced(lead: str) -> bool:
    """Return whether a currency stands right before."""
    return lead.rstrip(" ").endswith(_PRICED)


def coded(lead: str) -> bool:
    """Return whether the words right before announce a code of the shop's own: an order, a parcel, a product."""
    tail = lead.rstrip(_BETWEEN)
    if not tail:
        return False
    if not tail[-1].isascii():
        return tail.endswith(_CODES)
    numbered = False
    for word in reversed(_WORD.findall(tail[-32:].lower())):
        if word in _FILLERS:
            numbered = True
        else:
            return word in _CODE_WORDS or (numbered and word in _CODE_WORDS_NUMBERED)
    return False
