"""Postal addresses: Chinese ones from province or road to door, English ones from house number to postal code."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.spans import Span

_HAN: Final = "\u4e00-\u9fff"
_REGIONS: Final = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南"
    " 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 广州 深圳 杭州 南京 苏州 成都"
    " 武汉 西安 郑州 长沙 沈阳 青岛 大连 厦门 宁波 济南 合肥 福州 昆明 哈尔滨 长春 石家庄 太原 南昌 南宁 贵阳"
    " 兰州 无锡 常州 佛山 东莞 珠海 中山 温州 烟台 徐州 洛阳 泉州 金华 嘉兴 绍兴 台州 惠州 南通 扬州 海口 三亚"
    " 银川 西宁 乌鲁木齐 呼和浩特 拉萨 唐山 保定 义乌 昆山"
)
_NUMBER: Final = "[0-9A-Za-z一二三四五六七八九十百甲乙丙丁-]{1,6}"
_UNIT: Final = rf"(?:[ ,，]?{_NUMBER} ?(?:号院|号楼|号|弄|栋|幢|座|楼|层|单元|室|户|#))"
_WAY_NAMES: Final = (
    "大道|胡同|街道|小区|花园|大厦|公寓|广场|社区|新村|家园|开发区|园区|路|街|巷|弄|苑|村|镇|乡|园|城|里|道"
)
_STREET: Final = rf"(?:[ ,，]?[{_HAN}0-9]{{1,10}}?(?:{_WAY_NAMES}))"
_AREA: Final = (
    rf"(?:[ ,，]?[{_HAN}](?:(?![路街巷弄号])[{_HAN}]){{0,13}}?"
    "(?:自治州|自治县|市|州|盟|(?<![小社校园厂景发])区|县|旗))"
)
"""Never given up once matched (the '+' after its counts): with all ways to divide a text tried, time would be cubic."""
_TOP: Final = (
    rf"(?:{'|'.join(sorted(_REGIONS.split(), key=len, reverse=True))})"
    "(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?"
)
_FROM_TOP: Final = re.compile(rf"{_TOP}{_AREA}{{0,3}}+(?:{_STREET}{{0,4}}{_UNIT}{{1,6}}(?:[0-9]{{3,4}}(?![0-9]))?)")
_FROM_AREAS: Final = re.compile(rf"{_TOP}{_AREA}{{1,3}}+{_STREET}{{1,4}}{_UNIT}{{0,6}}(?:[0-9]{{3,4}}(?![0-9]))?")
_LABELLED: Final = re.compile(
    rf"(?:地址|住址|寄到|送到|寄往|发到|家住)(?:改成|改为)?[ :：是为]{{0,3}}"
    rf"(?![哪的不超只那这])((?:{_TOP})?{_AREA}{{0,3}}+{_STREET}{{0,3}}{_UNIT}{{1,6}}(?:[0-9]{{3,4}}(?![0-9]))?)"
)
_DOOR: Final = re.compile(
    rf"(?:[{_HAN}]{{1,4}}?(?<![小社校园厂景])[区县])?(?:(?![住在到去是于的了和我你他请为有家])[{_HAN}]){{1,6}}"
    rf"(?:大道|胡同|路|街|巷|弄) ?[0-9]{{1,5}} ?[号弄]{_UNIT}{{0,6}}(?:[0-9]{{3,4}}(?![0-9]))?"
)
_DISTRICT: Final = re.compile(rf"(?:{_TOP})?{_AREA}{{0,3}}+")

_UPPER: Final = "A-Z\u00c0-\u00de"
_WORD: Final = rf"(?:[{_UPPER}][\w'’.-]{{0,20}}|[0-9]{{1,3}}(?:st|nd|rd|th)|of|the|de|la|do|da|du)"
_WAYS: Final = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Square|Sq|Terrace|Tce|Parkway|Pkwy|Highway"
    "|Hwy|Way|Close|Crescent|Circle|Cir|Trail|Alley|Row|Str"
)
_ROOM: Final = r"(?:(?:,|\s){1,3}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|#)\.? ?[0-9A-Za-z-]{1,6})"
_TOWN: Final = rf"(?:(?:,|\s){{1,3}}[{_UPPER}][\w'’.-]{{1,20}}(?: [{_UPPER}][\w'’.-]{{1,20}}){{0,2}})"
_TAIL: Final = rf"(?:{_TOWN}{{0,4}}(?:,|\s){{1,3}}[0-9]{{4,6}}(?![0-9]))?"
_CODE: Final = r"(?:(?:,|\s){1,3}(?:[A-Z]{2}\b)?(?:,|\s){0,3}[0-9]{5}(?:-[0-9]{4})?(?![0-9]))"
_ENGLISH: Final = re.compile(
    rf"(?<![\w.-])[0-9]{{1,6}}[A-Za-z]?(?:[ -][0-9]{{1,5}})?,? (?:{_WORD} ){{1,4}}(?:{_WAYS})\b\.?"
    rf"{_ROOM}?(?:{_TOWN}{{0,3}}{_CODE})?{_TAIL}"
)
_ROAD_FIRST: Final = re.compile(
    r"(?<![\w.-])(?:[0-9]{1,6} )?(?:Rua|Rue|Via|Calle|Avenida|Avenue|Plaza|Piazza) "
    rf"(?:{_WORD} ){{1,5}}[0-9]{{1,5}}(?![0-9]){_ROOM}?"
)
_ROOMED: Final = re.compile(rf"(?<![\w.-])[0-9]{{1,6}},? (?:[\w'’.-]{{1,24}} ){{1,5}}[0-9]{{1,5}}\.?{_ROOM}{_TAIL}")
"""A house number after the street, as in much of Europe, told from any other words by the flat behind it."""
_BOX: Final = re.compile(r"\b(?:P\.? ?O\.? ?Box [0-9]{1,6}|PSC [0-9]{1,5}, Box [0-9]{1,5}\s+[AF]PO A[AEP] [0-9]{5})")
_KEPT: Final = re.compile(rf"{_TOWN},? [A-Z]{{2}}(?= [0-9]{{5}})")


def addresses(text: str) -> list[Span]:
    """Return Chinese and English postal addresses, in order; a place alone is none."""
    found: set[tuple[int, int]] = set()
    if not text.isascii():
        found |= {m.span() for pattern in (_FROM_TOP, _FROM_AREAS, _DOOR) for m in pattern.finditer(text)}
        found |= {m.span(1) for m in _LABELLED.finditer(text)}
    found |= {m.span() for pattern in (_ENGLISH, _ROAD_FIRST, _ROOMED, _BOX) for m in pattern.finditer(text)}
    spans: list[Span] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not (spans and start < spans[-1].end):
            spans.append(Span(start, end, "address"))
    return spans


def district(value: str) -> str:
    """Return an address down to its district: 浙江省杭州市西湖区***; of an English one, town and state."""
    town = _KEPT.search(value)
    if town is not None:
        return "***, " + town[0].lstrip(", \n\t")
    kept = _DISTRICT.match(value)
    return (kept[0] if kept else "") + "***"
