"""Where a Chinese address is: 广东省深圳市南山区… → province, city, county."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from regulars.insights.divisions import MUNICIPAL, Divisions, Place, short_name
from regulars.insights.divisions_provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANKS = re.compile(r"[\s,，、·/|-]+")
_COUNTRY = re.compile("^(?:中华人民共和国|中国)")
_DIRECT = re.compile("^(?:省|自治区)?直辖县级行政区划")
_LONGEST = 15
"""Characters of the longest name, 双江拉祜族佤族布朗族傣族自治县."""
_FULL, _SHORT = 2, 1


class _Path(NamedTuple):
    """One way to read the beginning of a text: what it names, to where it reaches, and how."""

    place: Place
    end: int
    quality: int = 0


@dataclass(frozen=True)
class AddressReader:
    """Reads places from the beginning of addresses, by the longest match.

    Of all ways to take a text as [province] [city] [county], each inside the one before, the one that covers most
    characters is right; of equal ones that with more full names. Where several still remain (朝阳区 alone is in two
    cities) only what they agree on is known. Short names (广东, 深圳) are taken for provinces and cities, and for
    counties where the city is said. Numbers are never read: the six digits that begin an identity card are no address.
    """

    divisions: Divisions

    def read(self, text: str) -> Place:
        """Return the place; '' for each level that the text does not tell."""
        places = self.candidates(text)
        if not places:
            return Place()
        agreed = ["", "", ""]
        for level in range(3):
            names = {place[level] for place in places}
            if len(names) == 1:
                agreed[level] = names.pop()
        return Place(*agreed)

    def candidates(self, text: str) -> list[Place]:
        """Return every place that the text can mean equally well, sorted."""
        cleaned = _COUNTRY.sub("", _BLANKS.sub("", text))
        paths = [path for path in self._paths(cleaned) if path.end]
        if not paths:
            return []
        best = max((path.end, path.quality) for path in paths)
        return sorted({path.place for path in paths if (path.end, path.quality) == best})

    def _paths(self, text: str) -> Iterator[_Path]:
        for first in [_Path(Place(), 0), *self._provinces(text)]:
            cities = list(self._cities(text, first))
            for second in [first, *cities]:
                yield second
                yield from self._counties(text, second)

    def _provinces(self, text: str) -> Iterator[_Path]:
        for name, place, quality in self._names(text, 0, self._by_province):
            yield _Path(place, len(name), quality)

    def _cities(self, text: str, before: _Path) -> Iterator[_Path]:
        province, at = before.place.province, before.end
        for name, place, quality in self._names(text, at, self._by_city):
            if province in ("", place.province):
                yield _Path(place, at + len(name), before.quality + quality)
        if province in self._municipalities:
            for name in MUNICIPAL:
                if text.startswith(name, at):
                    yield _Path(Place(province, province), at + len(name), before.quality)
        direct = _DIRECT.match(text[at:])
        if province and direct:
            yield _Path(before.place, at + direct.end(), before.quality)

    def _counties(self, text: str, before: _Path) -> Iterator[_Path]:
        place, at = before.place, before.end
        for name, county, quality in self._names(text, at, self._by_county):
            inside = place.province in ("", county.province) and place.city in ("", county.city)
            said = place.city or place.province in self._municipalities
            if inside and (quality == _FULL or said):
                yield _Path(county, at + len(name), before.quality + quality)

    def _names(self, text: str, at: int, known: dict[str, list[tuple[Place, int]]]) -> Iterator[tuple[str, Place, int]]:
        for length in range(2, min(_LONGEST, len(text) - at) + 1):
            name = text[at : at + length]
            for place, quality in known.get(name, ()):
                yield name, place, quality

    @cached_property
    def _municipalities(self) -> frozenset[str]:
        return frozenset(one.full for one in PROVINCES if one.municipality)

    @cached_property
    def _by_province(self) -> dict[str, list[tuple[Place, int]]]:
        return _index((one.full, one.short, Place(one.full)) for one in PROVINCES)

    @cached_property
    def _by_city(self) -> dict[str, list[tuple[Place, int]]]:
        cities = [(c.name, short_name(c.name), Place(c.province, c.name)) for c in self.divisions.cities]
        own = [(p.full, p.short, Place(p.full, p.full)) for p in PROVINCES if p.municipality]
        return _index(iter(cities + own))

    @cached_property
    def _by_county(self) -> dict[str, list[tuple[Place, int]]]:
        return _index((c.name, short_name(c.name), c.place) for c in self.divisions.counties)


def _index(names: Iterator[tuple[str, str, Place]]) -> dict[str, list[tuple[Place, int]]]:
    found: dict[str, list[tuple[Place, int]]] = {}
    for full, short, place in names:
        found.setdefault(full, []).append((place, _FULL))
        if short != full:
            found.setdefault(short, []).append((place, _SHORT))
    return found
