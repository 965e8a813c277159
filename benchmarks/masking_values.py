"""Values of personal data and of numbers that are none, from a seed: right check digits, every way of writing them."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from datetime import date, timedelta

from regulars.privacy.masks.checksums import ID_CHECKS, ID_WEIGHTS, gtin, luhn

FULL_WIDTH = str.maketrans(string.digits, "０１２３４５６７８９")
ISSUERS = (
    ("4", 16),
    ("51", 16),
    ("2221", 16),
    ("37", 15),
    ("34", 15),
    ("622202", 19),
    ("621700", 19),
    ("625912", 16),
    ("3530", 16),
    ("6011", 16),
)
HOSTS = ("example.cn", "example.com", "mail.example.co.uk", "qq.example", "shop-a.example.org")
REGIONS = ("110105", "310104", "330106", "440305", "510107", "610113", "420106", "230103", "350203", "500112")
SURNAMES = (*"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗", "欧阳")
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华梅鑫波斌宇浩凯健俊帆雪玲婷慧莹倩琳佳晨阳子涵梓轩雨欣怡博文思远"
)
ROADS = (
    "人民",
    "解放",
    "中山",
    "建设",
    "和平",
    "文三",
    "长江",
    "学院",
    "新华",
    "南京",
    "滨河",
    "科技",
    "朝阳",
    "青年",
    "东风",
)


class Values:
    """Values of every name that a template may hold, one after another, from one seed."""

    def __init__(self, seed: int, areas: Sequence[str] = ()) -> None:
        self.source = random.Random(seed)
        self.areas = areas

    def make(self, name: str) -> str:
        """Return the next value of this name."""
        return getattr(self, "_" + name)()

    def _digits(self, count: int) -> str:
        return "".join(self.source.choices(string.digits, k=count))

    def _day(self, first: int, last: int) -> date:
        return date(first, 1, 1) + timedelta(days=self.source.randrange(365 * (last - first)))

    def _phone(self) -> str:
        head, a, b = "1" + self.source.choice("3456789") + self._digits(1), self._digits(4), self._digits(4)
        form = self.source.randrange(10)
        if form < 5:
            return head + a + b
        if form == 9:
            return (head + a + b).translate(FULL_WIDTH)
        return (f"+86 {head}{a}{b}", f"{head}-{a}-{b}", f"{head} {a} {b}", f"0086{head}{a}{b}")[form - 5]

    def _name(self) -> str:
        return self.source.choice(SURNAMES) + "".join(self.source.choices(GIVEN, k=self.source.randint(1, 2)))

    def _address(self) -> str:
        choice, number = self.source.choice, self.source.randint
        road = f"{choice(ROADS)}{choice('路路路街巷')}{number(1, 999)}号"
        door = f"{number(1, 30)}{choice('栋幢')}{number(1, 30)}0{number(1, 9)}室"
        return choice(self.areas) + road + choice(["", door, f"{choice(ROADS)}小区{door}"])

    def _landline(self) -> str:
        area, rest = (
            self.source.choice(["010", "021", "0571", "0755", "028"]),
            self.source.choice("2345678") + self._digits(7),
        )
        return self.source.choice(
            [f"{area}-{rest}", f"({area}){rest}", f"{area} {rest}", f"{area}-{rest}-{self._digits(3)}"]
        )

    def _foreign(self) -> str:
        a, b = (self.source.choice("23456789") + self._digits(2) for _ in range(2))
        c = self._digits(4)
        ways = [f"+1 {a}-{b}-{c}", f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"{a}-{b}-{c} ext. 12"]
        ways += [f"+44 20 7{b} {c}", f"+49 30 {b}{c}", f"+33 1 {a[:2]} {b[:2]} {c[:2]} {c[2:]}", f"0{a[0]}0 {b} {c}"]
        ways += [f"+852 {c} {self._digits(4)}", f"+65 9{b} {c}"]
        return self.source.choice(ways)

    def _id(self) -> str:
        body = f"{self.source.choice(REGIONS)}{self._day(1950, 2008):%Y%m%d}{self._digits(3)}"
        check = ID_CHECKS[sum(w * int(d) for w, d in zip(ID_WEIGHTS, body, strict=True)) % 11]
        return body + (check.lower() if self.source.random() < 0.1 else check)

    def _card(self) -> str:
        issuer, length = self.source.choice(ISSUERS)
        body = issuer + self._digits(length - 1 - len(issuer))
        number = next(body + digit for digit in string.digits if luhn(body + digit))
        form = self.source.randrange(4)
        if form > 1 or length == 15:
            return number
        return " -"[form].join(number[at : at + 4] for at in range(0, length, 4))

    def _email(self) -> str:
        name = "".join(self.source.choices(string.ascii_lowercase, k=self.source.randint(1, 9)))
        tail = self.source.choice(["", self._digits(3), ".li", "_cn", "+shop"])
        sign = "＠" if self.source.random() < 0.05 else "@"
        return name + tail + sign + self.source.choice(HOSTS)

    def _ip(self) -> str:
        if self.source.random() < 0.3:
            return "2001:db8:" + ":".join(f"{self.source.randrange(1, 65536):x}" for _ in range(6))
        first = self.source.choice([*range(1, 127), *range(128, 224)])  # 127 is every machine itself
        return ".".join(str(octet) for octet in (first, *(self.source.randint(1, 254) for _ in range(3))))

    def _iban(self) -> str:
        country, length = self.source.choice([("DE", 22), ("GB", 22), ("FR", 27), ("NL", 18), ("ES", 24)])
        body = (
            "".join(self.source.choices(string.ascii_uppercase, k=4)) if country in {"GB", "NL"} else ""
        ) + self._digits(length)
        body = body[: length - 4]
        left = int("".join(str(int(sign, 36)) for sign in body + country + "00")) % 97
        number = f"{country}{98 - left:02d}{body}"
        return " ".join(number[at : at + 4] for at in range(0, length, 4)) if self.source.random() < 0.4 else number

    def _ssn(self) -> str:
        return f"{self.source.randint(1, 665):03d}-{self.source.randint(1, 99):02d}-{self.source.randint(1, 9999):04d}"

    def _order(self) -> str:
        day, n = f"{self._day(2023, 2026):%Y%m%d}", self._digits
        dated = [day + n(10), day + n(6)]
        return self.source.choice([*dated, "1" + n(11), "3" + n(11), n(18), n(16), "A" + n(9), f"{n(3)}-{n(7)}-{n(7)}"])

    def _tracking(self) -> str:
        n = self._digits
        lettered = ["SF" + n(13), "YT" + n(13), "JD" + n(13), "1Z999AA1" + n(10)]
        return self.source.choice([*lettered, "7" + n(14), n(12), "4" + n(12), n(20)])

    def _ean(self) -> str:
        body = self.source.choice(["690", "692", "697", "400", "457", "501", "880", "316"]) + self._digits(9)
        return next(body + digit for digit in string.digits if gtin(body + digit))

    def _isbn(self) -> str:
        body = "9787" + self._digits(8)
        number = next(body + digit for digit in string.digits if gtin(body + digit))
        return (
            f"{number[:3]}-{number[3]}-{number[4:7]}-{number[7:12]}-{number[12]}"
            if self.source.random() < 0.5
            else number
        )

    def _price(self) -> str:
        whole = self.source.randint(1, 99999)
        return self.source.choice(
            [f"{whole}元", f"¥{whole}.{self._digits(2)}", f"${whole:,}.{self._digits(2)}", f"{whole}.50", f"€{whole}"]
        )

    def _date(self) -> str:
        day = self._day(2020, 2026)
        return self.source.choice(
            [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day:%d/%m/%Y}", f"{day:%Y.%m.%d}", f"{day.month}月{day.day}日"]
        )

    def _time(self) -> str:
        number = self.source.randint
        return f"{self._day(2020, 2026)} {number(0, 23):02d}:{number(0, 59):02d}:{number(0, 59):02d}"

    def _hours(self) -> str:
        return self.source.choice(["9:00-18:00", "09:30-21:30", "8-20"])

    def _sku(self) -> str:
        n = self._digits
        return self.source.choice(["AB-" + n(8), f"X{n(4)}-{n(5)}", n(12), "K" + n(7), "100" + n(9)])

    def _serial(self) -> str:
        return self.source.choice(
            [f"C02{self._digits(9)}", self._digits(14), "86" + self._digits(13), f"SN{self._digits(10)}"]
        )

    def _coupon(self) -> str:
        return self.source.choice([f"SAVE{self._digits(4)}", self._digits(10), self._digits(16)])

    def _version(self) -> str:
        return ".".join(str(self.source.randint(0, 40)) for _ in range(self.source.choice([3, 4])))

    def _size(self) -> str:
        choice, number = self.source.choice, self.source.randint
        return f"{number(10, 300)}{choice(['x', '*', '×'])}{number(10, 300)}{choice(['', 'mm', 'cm'])}"

    def _quantity(self) -> str:
        return str(self.source.randint(1, 5000))

    def _big(self) -> str:
        return self.source.choice(
            [str(self.source.randint(100000, 99999999)), f"{self.source.randint(1000, 9999999):,}"]
        )

    def _pin(self) -> str:
        return self.source.choice(
            [self._digits(6), f"{self._digits(1)}-{self._digits(2)}-{self._digits(4)}", self._digits(8)]
        )

    def _postcode(self) -> str:
        return self._digits(6)

    def _zip(self) -> str:
        return self.source.choice([self._digits(5), f"{self._digits(5)}-{self._digits(4)}"])

    def _invoice(self) -> str:
        return self.source.choice([self._digits(8), self._digits(20), f"INV-{self._digits(7)}"])
