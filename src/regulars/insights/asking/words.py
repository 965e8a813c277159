"""What people call kinds of event, dimensions, measures and segments, in English and in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Word(NamedTuple):
    """A name of ours and the pattern of what people call it."""

    name: str
    pattern: re.Pattern[str]


class Said(NamedTuple):
    """A value, and the words it was read from."""

    value: str
    words: str


def words_of(table: dict[str, str]) -> tuple[Word, ...]:
    """Return names of ours with the patterns of what people call them."""
    return tuple(Word(name, re.compile(pattern)) for name, pattern in table.items())


def first_said(words: Iterable[Word], text: str) -> Said | None:
    """Return the first of some names that is said at all."""
    for word in words:
        match = word.pattern.search(text)
        if match:
            return Said(word.name, match[0])
    return None


def all_said(words: Iterable[Word], text: str) -> list[tuple[int, Said]]:
    """Return the names that are said, each once and where it is said first; no word is read twice."""
    found: list[tuple[int, Said]] = []
    for word in words:
        match = word.pattern.search(text)
        if match:
            found.append((match.start(), Said(word.name, match[0])))
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return sorted(found)


KINDS = words_of(
    {
        "refund": r"\brefund(?:s|ed)?\b|\breturn(?:ed|s) (?:goods|products|items)\b|\bsen[dt] back\b|退款|退货",
        "checkout": r"\bcheck(?:ed|ing)?[ -]?outs?\b|结账|结算|去支付|提交订单",
        "cart": r"\bcart(?:s|ed)?\b|\b(?:add(?:ed|s|ing)?|put) .{0,20}(?:to|in|into) (?:the |their )?(?:cart|basket)\b"
        r"|加购|加入?购物车|放进购物车|购物车",
        "search": r"\bsearch(?:es|ed|ing)?\b|搜索|搜了|搜过|检索",
        "wish": r"\bwish(?:es|ed|list|lists)?\b|\bfavou?rites?\b|收藏|心愿",
        "coupon": r"\b(?:coupons?|vouchers?)\b|优惠[券卷]|领券|用券",
        "review": r"\breview(?:s|ed)?\b|评价|评论|点评",
        "rate": r"\brat(?:ed|ings)\b|评分|打分",
        "share": r"\bshared (?:a|the|it)\b|\bshares of products\b|分享|转发",
        "click": r"\bclick(?:s|ed|ing)?\b|点击|点了",
        "view": r"\bviews?\b|\bview(?:ed|ing|ers?)\b|\blook(?:s|ed|ing)? at\b|\bbrows(?:e|es|ed|ing)\b"
        r"|\bproduct pages?\b"
        r"|浏览|查看|看过|看了|看商品",
        "purchase": r"\bpurchas(?:e|es|ed|ing)\b|\bbuy(?:s|ing)?\b|\bbought\b|\border(?:s|ed|ing)?\b"
        r"|购买|下单|订单|成交|买了|买过|付款",
    }
)  # fmt: skip
"""The rarer first: 'put in the cart' is no order, whatever else it says."""

DIMENSIONS = words_of(
    {
        "subcategory": r"sub-?categor(?:y|ies)|子品?类目?|二级类目",
        "category": r"\bcategor(?:y|ies)\b|\bdepartments?\b|品类|类目|分类|类别",
        "brand": r"\bbrands?\b|品牌",
        "item": r"\bproducts?\b|\bitems?\b|\bskus?\b|\barticles?\b|商品|产品|单品",
        "country": r"\bcountr(?:y|ies)\b|国家",
        "province": r"\bprovinces?\b|省份?",
        "region": r"\bregions?\b|\bstates?\b|地区|区域|大区",
        "city": r"\bcit(?:y|ies)\b|\btowns?\b|城市",
        "distance": r"\bdistances?\b|\bhow far\b|距离|多远|远近",
        "device": r"\bdevices?\b|设备|终端|机型",
        "channel": r"\bchannels?\b|\bmediums?\b|(?:来源)?渠道(?:来源)?",
        "source": r"\bsources?\b|\breferr(?:er|ers|ing sites?)\b|来源",
        "campaign": r"\bcampaigns?\b|活动|广告系列",
        "rfm": r"\brfm\b",
        "segment": r"\bsegments?\b|客群|分群|人群|分层",
        "first_month": r"\bcohorts?\b|\bmonth of (?:the )?first\b|\bsign-?up month\b|首次.{0,4}月|同期群|批次",
        "weekday": r"\bweekdays?\b|\bdays? of the week\b|星期几|周几",
        "kind": r"\bkinds?\b|\bevent types?\b|\btypes? of event\b|事件类型|行为类型",
    }
)

BY = re.compile(
    r"\b(?:by|per|for each|for every|for|in each|each|every|split by|split by the|broken down by|across|for different"
    r"|which|what|among|between)\s+(?:the\s+|customers?'?s?\s+|top\s+\d+\s+)?(?:first\s+)?$"
    r"|(?:按照?|分|各个?|每个|每种|不同|依照?|以|从?哪个|哪些|哪种)(?:首次|首个|第一)?的?(?:客户|顾客|用户|买家)?\s*$"
)
"""What stands before a dimension by which an answer is split."""
FIRST = re.compile(r"\bfirst\s+$|(?:首次|首个|第一个?)的?\s*$")
"""What stands before a dimension that is meant as it was at a customer's first event."""

MEASURES = words_of(
    {
        "average_value": r"\baverage (?:order|basket|purchase)(?: value| size)?\b|\baov\b|\bbasket (?:size|value)\b"
        r"|客单价|平均订单",
        "value_per_customer": r"\b(?:revenue|spend(?:ing)?|sales|value) per (?:customer|buyer|head)\b|\barpu\b"
        r"|人均(?:消费|销售|金额|花)",
        "events_per_customer": r"\bper (?:customer|buyer|shopper|user|person|head|visitor)\b|人均|每人平均|平均每人",
        "value": r"\brevenues?\b|\bsales\b|\bturnover\b|\bspend(?:ing)?\b|\bincome\b|\bgmv\b|销售额|营收|营业额|流水"
        r"|收入|消费额|成交额|交易额",
        "sessions": r"\bsessions?\b|\bvisits\b|会话|访问次数|访次|访问量",
        "quantity": r"\bquantit(?:y|ies)\b|\bunits?\b|\bpieces\b|销量|件数|多少件",
        "customers": r"\bhow many (?:\w+ )?(?:customers|shoppers|users|buyers|people|visitors)\b"
        r"|\bnumber of (?:\w+ )?(?:customers|shoppers|users|buyers|people|visitors)\b|人数|多少(?:个|位)?(?:人|顾客"
        r"|客户|用户)"
        r"|(?:顾客|客户|用户|买家|访客)数",
        "orders": r"\bnumber of orders\b|\bhow many orders\b|订单数|单量|多少单",
        "events": r"\bevents?\b|\bhow often\b|\btimes\b|\bnumber of\b|次数|多少次|事件",
    }
)

SEGMENTS = words_of(
    {
        "regular": r"\bregular (?:customers?|shoppers?|ones)\b|\bloyal customers?\b|\bour regulars\b|熟客|常客",
        "slipping": r"\bslipping customers?\b|\bslipping ones\b|即将流失的?(?:顾客|客户)",
        "lost": r"\blost (?:customers|ones)\b|\bchurned (?:customers|users)\b|已流失的?(?:顾客|客户)",
        "one-time": r"\bone-?time (?:customers?|buyers?|shoppers?)\b|一次性(?:顾客|客户)",
    }
)

DEVICES = words_of(
    {
        "mobile": r"\bmobiles?\b|\b(?:smart)?phones?\b|手机|移动端",
        "tablet": r"\btablets?\b|平板",
        "desktop": r"\bdesktops?\b|\bcomputers?\b|\bpc\b|电脑|桌面端",
    }
)

COUNTRIES = words_of(
    {
        "CN": r"\bchina\b|\bchinese\b|中国", "US": r"\bunited states\b|\bamerica\b|\busa\b|美国",
        "GB": r"\bunited kingdom\b|\bbritain\b|\bengland\b|\buk\b|英国", "DE": r"\bgermany\b|\bgerman\b|德国",
        "FR": r"\bfrance\b|\bfrench\b|法国", "JP": r"\bjapan\b|日本", "KR": r"\bkorea\b|韩国",
        "BR": r"\bbrazil\b|巴西", "IN": r"\bindia\b|印度(?!尼)", "ES": r"\bspain\b|西班牙", "IT": r"\bitaly\b|意大利",
        "NL": r"\bnetherlands\b|荷兰", "CA": r"\bcanada\b|加拿大", "AU": r"\baustralia\b|澳大利亚",
        "SG": r"\bsingapore\b|新加坡", "IE": r"\bireland\b|爱尔兰",
    }
)  # fmt: skip

CHANNELS = words_of(
    {
        "email": r"邮件|邮箱|\be-mails?\b", "search": r"搜索引擎|搜索渠道", "social": r"社交|社媒",
        "direct": r"直接访问|直访",
        "ads": r"广告", "store": r"门店|线下|实体店",
    }
)  # fmt: skip
"""What channels that shops often have are called in Chinese; only those that the shop has are meant."""
FROM_THERE = re.compile(r"渠道|来的|来自|带来|通过|\b(?:from|by|via|through|in|with|channel)\b")

ASPECTS = words_of(
    {
        "delivery": r"\bdeliver(?:y|ies|ed)\b|\bshipping\b|\bshipment\b|\bcourier\b|物流|快递|配送|送货|发货",
        "quality": r"\bquality\b|\bfresh(?:ness)?\b|\bbroken\b|\bdefect\w*\b|质量|品质|新鲜|做工",
        "price": r"\bprices?\b|\bexpensive\b|\bvalue for money\b|价格|太贵|性价比",
        "service": r"\bservice\b|\bstaff\b|\bsupport team\b|客服|服务|售后|态度",
    }
)
