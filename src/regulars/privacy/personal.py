"""Which fields say who somebody is: those that are sealed, not stored in the open.

Only names are looked at, so that one rule holds for every value; free text has masks of its own. The caller asks
for traits of people and for top-level properties of events, never for those of products: `name` there is a product's.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\S+", text))


# Personal wherever they end a name: phone, home_phone, billing.phone2. Letters only, words run together.
_ENDINGS = _names(
    """
    email emailaddress mailaddress phone phonenumber phoneno telephone telephonenumber tel telno mobile
    mobilephone mobilenumber mobileno cellphone cellnumber msisdn fax whatsapp
    firstname lastname fullname givenname familyname middlename surname username nickname realname legalname
    displayname screenname customername clientname membername contactname recipientname receivername consigneename
    buyername profilename accountname cardholder cardholdername loginname
    address addressline street streetname streetaddress houseno housenumber postcode postalcode zip zipcode
    latitude longitude latlng latlong geolocation coordinates gps
    birthday birthdate birthdaydate dateofbirth dob bday
    idnumber idno idcard idcardnumber idcardno nationalid nationalidnumber identitycard identitynumber identityno
    certificatenumber passport passportnumber passportno ssn socialsecuritynumber taxid nino driverlicense
    driverslicense drivinglicence drivinglicense licenceplate licenseplate platenumber
    cardnumber cardno creditcard creditcardnumber bankcard bankcardnumber bankaccount accountnumber iban
    ip ipaddress ipaddr ipv4 ipv6 useragent deviceid imei imsi idfa idfv gaid oaid androidid advertisingid macaddress
    wechat wechatid weixin weixinid openid unionid qq qqnumber weibo alipay alipayid lineid telegram facebookid
    twitter instagram linkedin skype
    password passwd passcode avatar portrait faceid fingerprint voiceprint
    religion ethnicity nationality politicalopinion sexualorientation healthcondition diagnosis
    """
)
# Personal alone or as the first part of a path only: `name`, `name.first`, but not `product_name`.
_ALONE = _names("name fname lname mail cell contact recipient receiver consignee ua photo signature race health")
# Personal whatever follows: address_line1, address.city, addressDistrict.
_ANYWHERE = frozenset({"address", "addr", "地址", "住址"})
_CHINESE_ENDING = re.compile(
    "(?:手机|电话|座机|邮箱|邮件|电邮|姓名|名字|昵称|用户名|地址|住址|街道|邮编|邮政编码|生日|出生日期|出生年月"
    "|身份证|证件|护照|驾照|驾驶证|车牌|社保卡|银行卡|信用卡|微信|支付宝|微博|收件人|收货人|联系人|联系方式|密码|头像"
    "|照片|指纹|人脸|经纬度|经度|纬度|宗教|民族|病历)(?:号码|号|码|账号|帐号|信息)?[0-9一二三]*$"
)
# What was hashed without a pepper is looked up in a table: email_sha256 is as personal as email.
_HASHES = _names("hash hashed encrypted masked lower")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_DIGITS = re.compile(r"(?i)ip(v[46])|(?:sha|md)[0-9]+")
_DEEPEST = 16

_ADOLESCENT = 14
_AGE_FIELDS = {
    **dict.fromkeys(_names("birthday birthdate dateofbirth dob bday born 生日 出生日期 出生年月"), "born"),
    **dict.fromkeys(_names("age 年龄"), "age"),
    **dict.fromkeys(_names("idnumber idcard idcardnumber idcardno idno 身份证 身份证号 身份证号码"), "id"),
}
_DATE = re.compile(r"([12][0-9]{3})(?:[-/.年]([0-9]{1,2})[-/.月]|([0-9]{2}))([0-9]{1,2})(?![0-9])")
_DATE_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([12][0-9]{3})")
_YEAR_OR_MONTH = re.compile(r"([12][0-9]{3})年?(?:[-/.]?([0-9]{1,2})月?)?")
_ID = re.compile(r"[1-9][0-9]{5}([12][0-9]{3})([0-9]{2})([0-9]{2})[0-9]{3}[0-9Xx]")


@lru_cache(maxsize=4096)
def is_personal(field: str) -> bool:
    """Tell whether a field of this name holds what identifies a person, or is nobody's business.

    Case, camelCase, separators and numbers at the end do not matter: `first_name`, `firstName`, `FIRSTNAME`,
    `Phone 2`, `billing.address.line1`, `收货地址`. Gender, age and city are not: alone they name nobody.
    """
    field = unicodedata.normalize("NFKC", field)
    head, dot, _ = field.partition(".")
    if dot and head and is_personal(head):
        return True
    if _CHINESE_ENDING.search(re.sub(r"[\W_]+", "", field)) is not None:
        return True
    words = [word.casefold() for word in _WORD.findall(_DIGITS.sub(_spelt, field))]
    while len(words) > 1 and words[-1] in _HASHES:
        words.pop()
    whole = "".join(words)
    if whole in _ALONE or not _ANYWHERE.isdisjoint(words):
        return True
    return any("".join(words[start:]) in _ENDINGS for start in range(len(words)))


def split(traits: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return traits as (plain, personal), each in the shape it came in.

    What lies under a personal name is personal whole. An object under a plain name is split in turn; a list is
    personal whole when anything in it is, and so is what lies deeper than 16 objects.
    """
    return _split(traits, 0)


def under_14(traits: Mapping[str, Any], today: date) -> bool | None:
    """Tell whether somebody is under 14, from a birthday, an age or a Chinese identity number; None if unknown.

    Where the traits disagree, or a date can be read in two ways, the younger age counts: the law protects a child
    from being taken for an adult. Somebody born on 29 February is 14 on 1 March.

    Parameters
    ----------
    traits
        Top-level traits; a birthday is text such as `2015-03-01`, `20150301`, `2015年3月1日`, `01/03/2015` or `2015`.
    today
        The day in the shop's time zone.
    """
    answers: list[bool] = []
    for name, value in traits.items():
        kind = _age_field(name)
        if kind == "age":
            answers += [age < _ADOLESCENT for age in _age(value)]
        elif kind is not None:
            answers += [_anniversary(born) > today for born in _birthdays(kind, value) if born.year <= today.year]
    return any(answers) if answers else None


@lru_cache(maxsize=4096)
def says_age(field: str) -> bool:
    """Tell whether `under_14` looks at a trait of this name."""
    return _age_field(field) is not None


def _age_field(name: str) -> str | None:
    return _AGE_FIELDS.get(re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold())


def _age(value: Any) -> list[float]:
    try:
        age = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        return []
    return [age] if 0 <= age < 150 else []


def _birthdays(kind: str, value: Any) -> list[date]:
    """Return the days that the value may mean."""
    if isinstance(value, date):
        return [value.date() if isinstance(value, datetime) else value]
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if kind == "id":
        found = _ID.fullmatch(text)
        return _days([(found[1], found[2], found[3])]) if found else []
    if (found := _DATE.match(text)) is not None:
        return _days([(found[1], found[2] or found[3], found[4])])
    if (found := _DATE_YEAR_LAST.fullmatch(text)) is not None:
        return _days([(found[3], found[2], found[1]), (found[3], found[1], found[2])])
    if (found := _YEAR_OR_MONTH.fullmatch(text)) is not None:
        return _days([(found[1], found[2] or "12", day) for day in ("31", "30", "29", "28")])[:1]
    return []


def _days(parts: list[tuple[str, str, str]]) -> list[date]:
    found: list[date] = []
    for year, month, day in parts:
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found


def _anniversary(born: date) -> date:
    """Return the day somebody turns 14."""
    try:
        return born.replace(year=born.year + _ADOLESCENT)
    except ValueError:
        return date(born.year + _ADOLESCENT, 3, 1)


def _split(traits: Mapping[str, Any], depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    plain: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for name, value in traits.items():
        nested = isinstance(value, dict)
        if is_personal(name) or (nested and depth >= _DEEPEST) or (not nested and _holds_personal(value, depth + 1)):
            personal[name] = value
        elif nested and value:
            below, hidden = _split(cast("dict[str, Any]", value), depth + 1)
            if below:
                plain[name] = below
            if hidden:
                personal[name] = hidden
        else:
            plain[name] = value
    return plain, personal


def _holds_personal(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return depth > _DEEPEST or any(is_personal(k) or _holds_personal(v, depth + 1) for k, v in fields.items())
    if isinstance(value, list):
        return depth > _DEEPEST or any(_holds_personal(v, depth + 1) for v in cast("list[Any]", value))
    return False


def _spelt(found: re.Match[str]) -> str:
    return " ip " if found[1] else " hash "
