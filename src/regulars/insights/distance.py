"""How far customers are from the nearest store, in bands."""

from __future__ import annotations

from math import radians, sin
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
from ibis import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

    from regulars.core.settings import StoreSettings

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
EDGES_KM = (1.0, 5.0, 20.0, 100.0)
BANDS = ("0–1 km", "1–5 km", "5–20 km", "20–100 km", "> 100 km")
TOLERANCE = 1e-12
"""Relative. Engines' sines differ in the last digit: a point on an edge belongs to the nearer band in all of them."""
STORES = pa.schema({"store_latitude": pa.float64(), "store_longitude": pa.float64()})


def with_distance(rows: ir.Table, stores: Sequence[StoreSettings]) -> ir.Table:
    """Return rows of events with `group`: the band of the great-circle distance to the nearest store.

    '' where the event has no coordinates, or ones that cannot be, or where the shop has no stores. A point exactly on
    an edge is in the nearer band. Compared are haversines, sin²(Δφ/2) + cos φ₁ · cos φ₂ · sin²(Δλ/2) = sin²(d/2R),
    which grow with the distance d up to half round the Earth: no inverse sine is taken.
    """
    if not stores:
        return rows.mutate(group=ibis.literal(""))
    points = rows.select("latitude", "longitude").distinct()
    points = points.filter(_.latitude.between(-90.0, 90.0), _.longitude.between(-180.0, 180.0))
    lines = [{"store_latitude": s.latitude, "store_longitude": s.longitude} for s in stores]
    pairs = points.cross_join(ibis.memtable(pa.Table.from_pylist(lines, schema=STORES)))
    pairs = pairs.mutate(far=_haversine())
    nearest = pairs.group_by(["latitude", "longitude"]).aggregate(far=_.far.min())
    banded = nearest.select(at_latitude="latitude", at_longitude="longitude", group=_band())
    joined = rows.left_join(banded, [("latitude", "at_latitude"), ("longitude", "at_longitude")])
    return joined.drop("at_latitude", "at_longitude").mutate(group=_.group.fill_null(""))


def haversine_of(km: float) -> float:
    """Return the haversine of a distance: sin²(d/2R)."""
    return sin(km / (2 * EARTH_KM)) ** 2


def _haversine() -> Deferred:
    degree = radians(1.0)
    north = ((_.latitude - _.store_latitude) * (degree / 2)).sin()
    east = ((_.longitude - _.store_longitude) * (degree / 2)).sin()
    shrunk = (_.latitude * degree).cos() * (_.store_latitude * degree).cos()
    return north * north + shrunk * east * east


def _band() -> ir.Value:
    steps = [(_.far <= haversine_of(km) * (1 + TOLERANCE), band) for km, band in zip(EDGES_KM, BANDS, strict=False)]
    return ibis.cases(*steps, else_=BANDS[-1])
