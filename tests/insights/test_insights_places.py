"""Where customers are: one place each, small places folded, distances in bands."""

from __future__ import annotations

from math import asin, cos, degrees, radians, sin, sqrt

import ibis
import pytest

from regulars.core.errors import UsageError
from regulars.core.settings import PlacesSettings, Settings, StoreSettings, load_settings, save_settings
from regulars.insights.distance import BANDS, EARTH_KM, with_distance
from regulars.insights.places import PlacesParams, places
from regulars.insights.sources import Sources
from regulars.shop import Shop

CENTRE = StoreSettings(name="Centre", latitude=52.52, longitude=13.405)


def ask(events, run, **params):
    return places(Sources(events, run), PlacesParams(**{"min_customers": 1} | params))


def test_a_customer_belongs_to_the_place_of_most_days_and_then_of_the_last(events_of, run):
    """a: two days in DE, one in FR. b: one day each, FR later. c: nothing known. d: a known place wins over none."""
    answer = ask(
        events_of(
            ("a", "2024-01-01", {"country": "DE", "value": 5.0}),
            ("a", "2024-01-02", "view", {"country": "DE"}),
            ("a", "2024-01-03", "view", {"country": "FR"}),
            ("b", "2024-01-01", "view", {"country": "DE"}),
            ("b", "2024-01-04", {"country": "FR", "value": 7.0}),
            ("c", "2024-01-04", "view"),
            ("d", "2024-01-01", "view"),
            ("d", "2024-01-02", "view"),
            ("d", "2024-01-03", "view", {"country": "DE"}),
        ),
        run,
    )
    rows = {row["group"]: row for row in answer.rows.to_pylist()}
    counts = {name: (row["customers"], row["buyers"], row["orders"], row["revenue"]) for name, row in rows.items()}
    assert counts == {"DE": (2, 1, 1, 5.0), "": (1, 0, 0, 0.0), "FR": (1, 1, 1, 7.0)}
    assert rows["DE"]["conversion"] == 0.5
    assert (rows["DE"]["low"], rows["DE"]["high"]) == pytest.approx((0.094529, 0.905471), abs=1e-5)
    assert rows["DE"]["stickiness"] is None
    assert answer.headline["known"]["value"] == 0.75
    assert answer.headline["known"]["n"] == 4


def test_stickiness_is_the_share_of_the_last_28_days_with_a_normal_interval(events_of, run):
    """Over 29 days a comes on days 1, 28 and 29, b on day 29: means of 2 and 1 of 28 days; c left before."""
    answer = ask(
        events_of(
            *[("a", day, {"country": "DE"}) for day in ("2024-01-01", "2024-01-28", "2024-01-29")],
            ("b", "2024-01-29", {"country": "DE"}),
            ("c", "2024-01-01", {"country": "DE"}),
        ),
        run,
    )
    [row] = answer.rows.to_pylist()
    half = 1.959964 * sqrt((4 + 1) / 2 - 1.5**2) / 28
    assert row["stickiness"] == pytest.approx(1.5 / 28)
    assert (row["stickiness_low"], row["stickiness_high"]) == pytest.approx((1.5 / 28 - half, 1.5 / 28 + half))


def many(**sizes):
    return [
        (f"{city}{number}", "2024-01-01", {"city": city, "value": 1.0})
        for city, size in sizes.items()
        for number in range(size)
    ]


def test_small_places_are_counted_together_and_nobody_is_found_by_subtraction(events_of, run):
    """Of 12, 11, 10 and 3 with at least 10: the 3 alone could be found, so the 10 join them."""
    events = events_of(*many(Aa=12, Bb=11, Cc=10, Dd=3))
    shown = ask(events, run, level="city", min_customers=10).rows.to_pylist()
    assert [(row["group"], row["customers"], row["revenue"]) for row in shown] == [
        ("Aa", 12, 12.0), ("Bb", 11, 11.0), ("…", 13, 13.0),
    ]  # fmt: skip


def test_places_beyond_the_top_are_counted_together(events_of, run):
    events = events_of(*many(Aa=12, Bb=11, Cc=10, Dd=10))
    shown = ask(events, run, level="city", min_customers=10, top=2).rows.to_pylist()
    assert [(row["group"], row["customers"]) for row in shown] == [("Aa", 12), ("Bb", 11), ("…", 20)]


def test_a_shop_of_few_customers_shows_no_place(events_of, run):
    [row] = ask(events_of(*many(Aa=3, Bb=2)), run, level="city", min_customers=10).rows.to_pylist()
    assert (row["group"], row["customers"]) == ("…", 5)


def kilometres(north: float) -> float:
    """Return the degrees of latitude that many kilometres are."""
    return degrees(north / EARTH_KM)


def bands(events_of, run, stores, *points):
    rows = [("a", "2024-01-01", {"latitude": lat, "longitude": lon}) for lat, lon in points]
    return run(with_distance(events_of(*rows), stores).order_by("id").select("group"))["group"].to_pylist()


def test_distances_fall_into_bands_and_an_edge_belongs_to_the_nearer_one(events_of, run):
    steps = (0.0, 0.999, 1.0, 1.001, 5.0, 20.0, 20.001, 100.0, 101.0)
    points = [(CENTRE.latitude + kilometres(step), CENTRE.longitude) for step in steps]
    near, mid, far, further, furthest = BANDS
    assert bands(events_of, run, [CENTRE], *points) == [
        near, near, near, mid, mid, far, further, further, furthest,
    ]  # fmt: skip


def test_the_distance_is_the_great_circle_to_the_nearest_store(events_of, run):
    """Berlin to Paris is 878 km, Paris to Versailles 17: by the haversine formula with its inverse sine."""
    paris = StoreSettings(name="Paris", latitude=48.8566, longitude=2.3522)

    def km(lat1, lon1, lat2, lon2):
        north, east = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
        a = sin(north) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(east) ** 2
        return 2 * EARTH_KM * asin(sqrt(a))

    assert km(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(877.5, abs=1)
    versailles = (48.8049, 2.1204)
    assert 5 < km(48.8566, 2.3522, *versailles) < 20
    assert bands(events_of, run, [CENTRE, paris], versailles) == ["5–20 km"]
    assert bands(events_of, run, [CENTRE], versailles) == ["> 100 km"]


def test_coordinates_across_the_date_line_are_near(events_of, run):
    store = StoreSettings(name="Fiji", latitude=0.0, longitude=179.999)
    assert bands(events_of, run, [store], (0.0, -179.999)) == ["0–1 km"]


def test_coordinates_that_are_missing_or_cannot_be_are_unknown(events_of, run):
    points = [(None, None), (52.52, None), (91.0, 0.0), (0.0, 181.0)]
    assert bands(events_of, run, [CENTRE], *points) == [""] * 4
    assert bands(events_of, run, [], (52.52, 13.405)) == [""]


def test_bands_are_shown_in_their_order(events_of, run):
    points = [(CENTRE.latitude + kilometres(step), CENTRE.longitude) for step in (50, 50, 0.5)]
    rows = [(f"s{n}", "2024-01-01", {"latitude": a, "longitude": b}) for n, (a, b) in enumerate(points)]
    sources = Sources(events_of(*rows), run, stores=[CENTRE])
    answer = places(sources, PlacesParams(level="distance", min_customers=1))
    assert answer.rows["group"].to_pylist() == ["0–1 km", "20–100 km"]


def test_distances_need_a_store(events_of, run):
    with pytest.raises(UsageError, match="no store"):
        ask(events_of(("a", "2024-01-01")), run, level="distance")


def test_stores_survive_the_settings_file(tmp_path):
    settings = Settings(places=PlacesSettings(stores=(CENTRE,), divisions="divisions"))
    save_settings(tmp_path, settings)
    assert load_settings(tmp_path) == settings


@pytest.mark.parametrize("level", ["country", "province", "city_division", "distance"])
def test_places_compile_for_spark(events_of, run, level, monkeypatch):
    from ibis.config import Config

    class SparkOptions(Config):
        treat_nan_as_null: bool = False

    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    seen = []

    def compile_only(expression):
        seen.append(ibis.to_sql(expression, dialect="pyspark"))
        return run(expression)

    sources = Sources(events_of(("a", "2024-01-01", {"country": "CN"})), compile_only, stores=[CENTRE])
    assert places(sources, PlacesParams(level=level)).rows.num_rows == 1
    assert len(seen) >= 2


def test_a_shop_measures_from_the_stores_and_names_places_by_the_divisions_of_its_settings(tmp_path):
    """Three customers in the settings' city, by three spellings; one of them far from the store."""
    folder = tmp_path / "shop" / "divisions"
    settings = Settings(places=PlacesSettings(stores=(CENTRE,), divisions="divisions"))
    with Shop.create(tmp_path / "shop", settings) as shop:
        folder.mkdir()
        (folder / "cities.csv").write_text("code,name,provinceCode\n4403,深圳市,44\n", "utf-8")
        (folder / "areas.csv").write_text("code,name,cityCode,provinceCode\n440305,南山区,4403,44\n", "utf-8")
        lines = ["user_id,timestamp,item_id,country,region,city,latitude,longitude"]
        lines += [
            f"c{n},2024-01-01,i1,CN,{place},{52.52 + n},13.405"
            for n, place in enumerate(("广东,深圳", ",深圳市", "GD,南山区"))
        ]
        (tmp_path / "events.csv").write_text("\n".join(lines), "utf-8")
        shop.import_files([tmp_path / "events.csv"])
        cities = shop.insights("places", level="city_division", min_customers=1).rows.to_pylist()
        assert [(row["group"], row["customers"]) for row in cities] == [("深圳市", 3)]
        far = shop.insights("places", level="distance", min_customers=1).rows.to_pylist()
        assert [(row["group"], row["customers"]) for row in far] == [("0–1 km", 1), ("> 100 km", 2)]
