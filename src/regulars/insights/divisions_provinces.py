"""China's province-level divisions and the ways people write them.

Codes are those of GB/T 2260, letters those of ISO 3166-2:CN.
"""

from __future__ import annotations

from typing import NamedTuple


class Province(NamedTuple):
    """One province, autonomous region, municipality or special administrative region.

    `code` has two digits; `names` are romanised, the usual one first; `municipality` is a city and a province at once.
    """

    code: str
    letters: str
    full: str
    short: str
    names: tuple[str, ...]
    municipality: bool = False


PROVINCES = (
    Province("11", "BJ", "北京市", "北京", ("Beijing", "Peking"), municipality=True),
    Province("12", "TJ", "天津市", "天津", ("Tianjin", "Tientsin"), municipality=True),
    Province("13", "HE", "河北省", "河北", ("Hebei",)),
    Province("14", "SX", "山西省", "山西", ("Shanxi",)),
    Province("15", "NM", "内蒙古自治区", "内蒙古", ("Inner Mongolia", "Nei Mongol", "Neimenggu", "Nei Menggu")),
    Province("21", "LN", "辽宁省", "辽宁", ("Liaoning",)),
    Province("22", "JL", "吉林省", "吉林", ("Jilin",)),
    Province("23", "HL", "黑龙江省", "黑龙江", ("Heilongjiang",)),
    Province("31", "SH", "上海市", "上海", ("Shanghai",), municipality=True),
    Province("32", "JS", "江苏省", "江苏", ("Jiangsu",)),
    Province("33", "ZJ", "浙江省", "浙江", ("Zhejiang",)),
    Province("34", "AH", "安徽省", "安徽", ("Anhui",)),
    Province("35", "FJ", "福建省", "福建", ("Fujian", "Fukien")),
    Province("36", "JX", "江西省", "江西", ("Jiangxi",)),
    Province("37", "SD", "山东省", "山东", ("Shandong",)),
    Province("41", "HA", "河南省", "河南", ("Henan",)),
    Province("42", "HB", "湖北省", "湖北", ("Hubei",)),
    Province("43", "HN", "湖南省", "湖南", ("Hunan",)),
    Province("44", "GD", "广东省", "广东", ("Guangdong", "Canton")),
    Province("45", "GX", "广西壮族自治区", "广西", ("Guangxi", "Guangxi Zhuang", "Guangxi Zhuangzu")),
    Province("46", "HI", "海南省", "海南", ("Hainan",)),
    Province("50", "CQ", "重庆市", "重庆", ("Chongqing", "Chungking"), municipality=True),
    Province("51", "SC", "四川省", "四川", ("Sichuan", "Szechwan", "Szechuan")),
    Province("52", "GZ", "贵州省", "贵州", ("Guizhou",)),
    Province("53", "YN", "云南省", "云南", ("Yunnan",)),
    Province("54", "XZ", "西藏自治区", "西藏", ("Xizang", "Tibet")),
    Province("61", "SN", "陕西省", "陕西", ("Shaanxi", "Shensi")),
    Province("62", "GS", "甘肃省", "甘肃", ("Gansu",)),
    Province("63", "QH", "青海省", "青海", ("Qinghai",)),
    Province("64", "NX", "宁夏回族自治区", "宁夏", ("Ningxia", "Ningxia Hui", "Ningxia Huizu")),
    Province(
        "65", "XJ", "新疆维吾尔自治区", "新疆",
        ("Xinjiang", "Xinjiang Uygur", "Xinjiang Uyghur", "Xinjiang Uighur", "Sinkiang"),
    ),
    Province("71", "TW", "台湾省", "台湾", ("Taiwan",)),
    Province("81", "HK", "香港特别行政区", "香港", ("Hong Kong", "Xianggang", "Hongkong")),
    Province("82", "MO", "澳门特别行政区", "澳门", ("Macao", "Macau", "Aomen")),
)  # fmt: skip

BY_CODE = {province.code: province for province in PROVINCES}
ENDINGS = ("", "Sheng", "Province", "Autonomous Region", "Zizhiqu", "SAR")
CITY_ENDINGS = ("", "Shi", "City", "Municipality")
"""What follows the romanised name of a province, and of a municipality."""

PEOPLES = (
    "蒙古族", "蒙古", "回族", "藏族", "维吾尔", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族",
    "白族", "土家族", "哈尼族", "哈萨克族", "哈萨克", "傣族", "黎族", "傈僳族", "佤族", "畲族", "高山族", "拉祜族",
    "水族", "东乡族", "纳西族", "景颇族", "柯尔克孜", "土族", "达斡尔族", "仫佬族", "羌族", "布朗族", "撒拉族",
    "毛南族", "仡佬族", "锡伯", "阿昌族", "普米族", "塔吉克", "怒族", "乌孜别克", "鄂温克族", "德昂族", "保安族",
    "裕固族", "独龙族", "鄂伦春", "珞巴族", "各族",
)  # fmt: skip
"""Peoples as the names of autonomous prefectures and counties write them; left out when these are called short."""
