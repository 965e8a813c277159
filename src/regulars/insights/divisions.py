"""China's administrative divisions: one name for each province, city and county, however it is written.

The provinces are built in. Cities and counties come from two files that the shop points to, each UTF-8 with a header
line, codes as in GB/T 2260 (Ministry of Civil Affairs):

- `cities.csv`: code (4 digits), name, provinceCode (2 digits), and if wanted `pinyin`, the romanised name
- `areas.csv`: code (6 digits), name, cityCode, provinceCode

A municipality (北京市) is a province and a city at once; the files' "市辖区" and "县" below it are it. A county that a
province governs directly (济源市) is its own city.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from regulars.core.errors import SettingsError
from regulars.insights.divisions_provinces import BY_CODE, CITY_ENDINGS, ENDINGS, PEOPLES, PROVINCES, Province

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

IN_CHINA = "cn:"
"""Before a key of a place that is said to be in China: codes and letters mean a province only there."""
CHINA = frozenset({"cn", "chn", "156", "china", "prc", "中国", "中华人民共和国"})
STRIPPED = "[ \t'’.,_·-]"
"""What spellings differ in without meaning another place."""
MUNICIPAL = ("市辖区", "县")
_DIRECT = re.compile("(?:省|自治区)直辖县级行政区划")
_CITY_END = re.compile("(?:市|地区|盟|自治州)$")
_COUNTY_END = re.compile("(?:自治县|自治旗|新区|林区|特区|矿区|市|县|区|旗)$")
_SHORTEST = 2


class Place(NamedTuple):
    """Where something is, as far as it is known: full names, '' for what is not."""

    province: str = ""
    city: str = ""
    county: str = ""


class County(NamedTuple):
    """A county-level division with its city and province."""

    code: str
    name: str
    city: str
    province: str

    @property
    def place(self) -> Place:
        """Return the three names."""
        return Place(self.province, self.city, self.name)


class City(NamedTuple):
    """A prefecture-level division; `pinyin` is '' where the file has none."""

    code: str
    name: str
    province: str
    pinyin: str = ""


def key_of(text: str) -> str:
    """Return how a spelling is looked up: small letters, without blanks and punctuation."""
    return re.sub(STRIPPED, "", text.lower())


def short_name(name: str) -> str:
    """Return the usual short form of a city or county: 深圳, 延边, 玉屏; the name itself when less than two are left.

    >>> short_name("深圳市"), short_name("延边朝鲜族自治州"), short_name("玉屏侗族自治县"), short_name("易县")
    ('深圳', '延边', '玉屏', '易县')
    """
    autonomous = name.endswith(("自治州", "自治县", "自治旗"))
    short = _CITY_END.sub("", name) if _CITY_END.search(name) else _COUNTY_END.sub("", name)
    while autonomous and (people := next((p for p in PEOPLES if short.endswith(p)), "")):
        if len(short) - len(people) < _SHORTEST:
            break
        short = short.removesuffix(people)
    return short if len(short) >= _SHORTEST else name


@dataclass(frozen=True)
class Divisions:
    """Every division that is known; without files only the provinces and the municipalities."""

    cities: tuple[City, ...] = ()
    counties: tuple[County, ...] = field(default=(), repr=False)

    @cached_property
    def province_spellings(self) -> dict[str, str]:
        """Key of a spelling → full name of the province; keys after `IN_CHINA` hold only in China.

        A city or county names its province too, where no other province has one of that name.
        """
        found: dict[str, str] = {}
        for city in self._places():
            for key, province in city.items():
                _ = found.setdefault(key, province)
        plain: dict[str, str] = {}
        for one in PROVINCES:
            plain |= dict.fromkeys(_spellings(one), one.full)
        found |= plain
        strict: dict[str, str] = {}
        for one in PROVINCES:
            strict |= dict.fromkeys((one.letters.lower(), one.code), one.full)
        return found | {IN_CHINA + key: name for key, name in (found | strict).items()}

    @cached_property
    def city_spellings(self) -> dict[str, str]:
        """`PROVINCE|key` or, where it is the only one in China, `|key` → full name of the city."""
        pairs: list[tuple[str, str, str]] = []
        for one in PROVINCES:
            if one.municipality:
                pairs += [(one.full, key, one.full) for key in _spellings(one)]
        for city in self.cities:
            pairs += [(city.province, key, city.name) for key in _city_keys(city)]
        named = {(province, key) for province, key, _ in pairs}
        for county in self.counties:
            keys = (county.name, county.code)
            pairs += [(county.province, k, county.city) for k in keys if (county.province, k) not in named]
        return _unique((f"{province}|{key}", city) for province, key, city in pairs) | _unique(
            (f"|{key}", city) for _, key, city in pairs
        )

    def _places(self) -> Iterable[dict[str, str]]:
        yield _unique((key, city.province) for city in self.cities for key in _city_keys(city))
        yield _unique((key, c.province) for c in self.counties for key in (c.name, c.code))


def _spellings(one: Province) -> list[str]:
    endings = CITY_ENDINGS if one.municipality else ENDINGS
    romanised = [key_of(name + ending) for name in one.names for ending in endings]
    codes = [f"{one.code}0000", f"cn{one.letters.lower()}", f"cn{one.code}"]
    return [one.full, one.short, *romanised, *codes, *([one.short + "省"] if one.full.endswith("自治区") else [])]


def _city_keys(city: City) -> list[str]:
    keys = [city.name, short_name(city.name), f"{city.code}00"]
    if city.pinyin:
        keys += [key_of(city.pinyin + ending) for ending in CITY_ENDINGS[:-1]]
    return keys


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs as a mapping, without the keys that mean several things."""
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: next(iter(values)) for key, values in found.items() if len(values) == 1}


PROVINCES_ONLY = Divisions()


def load_divisions(folder: Path) -> Divisions:
    """Read cities and counties from the two files of a folder (see the module).

    Raises
    ------
    SettingsError
        A file or a column is missing, or a code names a province or city that does not exist.
    """
    try:
        cities, counties = (_rows(folder / name) for name in ("cities.csv", "areas.csv"))
        known = [_city(row) for row in cities]
        by_code = {row["code"]: city for row, city in zip(cities, known, strict=True)}
        found = tuple(_county(row, by_code[row["cityCode"]]) for row in counties)
    except FileNotFoundError as error:
        raise SettingsError(f"there is no {error.filename}", where="places.divisions") from None
    except KeyError as error:
        raise SettingsError(
            f"has no column or no division {error}",
            where=f"places.divisions: {folder}",
            fix="cities.csv: code, name, provinceCode; areas.csv: code, name, cityCode, provinceCode.",
        ) from None
    real = tuple(c for c in known if c.name and c.name != c.province)
    return Divisions(real, found)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _city(row: dict[str, str]) -> City:
    province = BY_CODE[row["provinceCode"]]
    name = row["name"].strip()
    if province.municipality and name in MUNICIPAL:
        name = province.full
    elif _DIRECT.fullmatch(name):
        name = ""  # each of its counties is a city of its own
    return City(row["code"], name, province.full, row.get("pinyin") or "")


def _county(row: dict[str, str], city: City) -> County:
    name = row["name"].strip()
    return County(row["code"], name, city.name or name, city.province)
