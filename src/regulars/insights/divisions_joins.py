"""Chinese provinces and cities by one name, whatever an event calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
from ibis import _

from regulars.insights.divisions import CHINA, IN_CHINA, STRIPPED, Divisions
from regulars.insights.divisions_provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

SPELLINGS = pa.schema({"spelling": pa.string(), "meant": pa.string()})


def with_province(rows: ir.Table, divisions: Divisions) -> ir.Table:
    """Return rows of events with `group`: the province, by its full name in China.

    Joined by spelling: 广东, 广东省, Guangdong, Guangdong Sheng, CN-GD and 440000 are 广东省; GD and 44 alone only
    where the country says China. A row without a region has the province of its city, where the city is known.
    Elsewhere, and for a spelling nobody knows, it is the region as it is written. The rows need country, region and
    city.
    """
    keyed = rows.mutate(written=_.region.fill_null("").strip(), in_china=_in_china(), open=_is_open())
    named = (_.written == "").ifelse(_.city.fill_null(""), _.written)
    key = _key(named)
    keyed = keyed.mutate(spelling=_.open.ifelse(_.in_china.ifelse(IN_CHINA, "") + key, None))
    joined = _meant(keyed, divisions.province_spellings)
    group = ibis.coalesce(_.meant, _.written)
    return joined.mutate(group=group).drop("spelling", "written", "meant", "in_china", "open")


def with_city(rows: ir.Table, divisions: Divisions) -> ir.Table:
    """Return rows of events with `group`: the prefecture-level city, by its full name in China.

    A county-level city or county counts to the city that governs it. Names that several provinces have are told apart
    by the row's own province, and stay as they are written where it has none. A municipality is a city as well.
    """
    whole = with_province(rows, divisions).rename(province="group")
    whole = whole.mutate(
        place=_.city.fill_null("").strip(),
        inside=_.province.isin([one.full for one in PROVINCES]),
        municipal=_.province.isin([one.full for one in PROVINCES if one.municipality]),
        open=_is_open(),
    )
    known = _.open & (_.inside | (_.province == "")) & (_.place != "")
    keyed = whole.mutate(
        spelling=known.ifelse(_.inside.ifelse(_.province, "") + "|" + _key(_.place), None),
        written=(_.municipal & (_.place == "")).ifelse(_.province, _.place),
    )
    joined = _meant(keyed, divisions.city_spellings).mutate(group=ibis.coalesce(_.meant, _.written))
    return joined.drop("spelling", "written", "meant", "province", "place", "inside", "municipal", "open")


def _key(place: Deferred) -> Deferred:
    """Return the key of a spelling, as `divisions.key_of` does."""
    return place.lower().re_replace(STRIPPED, "")


def _in_china() -> Deferred:
    return _.country.fill_null("").strip().lower().isin(sorted(CHINA))


def _is_open() -> Deferred:
    """Say whether a place can be in China: the country is that, or is not said."""
    return _in_china() | (_.country.fill_null("").strip() == "")


def _meant(rows: ir.Table, spellings: Mapping[str, str]) -> ir.Table:
    lines = [{"spelling": key, "meant": name} for key, name in sorted(spellings.items())]
    known = ibis.memtable(pa.Table.from_pylist(lines, schema=SPELLINGS))
    return rows.left_join(known, "spelling").drop("spelling_right")
