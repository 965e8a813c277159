"""Real public shops through the mapping files of the documentation, against pandas code on the raw files.

Nothing here but the imports under test comes from the product: every expected figure is computed with pandas from
the published files themselves.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def olist(data_directory):
    """Read Olist's order lines with order and customer, as pandas merges them."""
    folder = data_directory / "olist_8k"
    zips = {"customer_zip_code_prefix": str, "geolocation_zip_code_prefix": str}
    orders, lines, people = (
        pd.read_csv(folder / f"olist_{name}_dataset.csv{end}", dtype=zips)
        for name, end in (("orders", ".gz"), ("order_items", ".gz"), ("customers", ""))
    )
    frame = lines.merge(orders, on="order_id").merge(people, on="customer_id")
    frame["time"] = pd.to_datetime(frame.order_purchase_timestamp)
    frame["kind"] = np.where(frame.order_status.isin(["canceled", "unavailable"]), "cancel", "purchase")
    return folder, zips, orders, people, frame


def test_olist_lines_find_their_order_and_customer(public_shops, olist):
    *_, frame = olist
    summary = public_shops["olist"].summaries["olist-order-items"]
    assert (summary.read, summary.added, summary.rejected) == (8_365, len(frame), 0)
    events = public_shops["olist"].events("subject", "kind", "value", "time", "region", "city", "session", "country")
    events = events[events.kind != "review"]
    assert events.kind.value_counts().to_dict() == frame.kind.value_counts().to_dict()
    assert events.subject.nunique() == frame.customer_unique_id.nunique()
    assert events.region.value_counts().to_dict() == frame.customer_state.value_counts().to_dict()
    assert events.city.value_counts().to_dict() == frame.customer_city.value_counts().to_dict()
    assert set(events.country) == {"BR"}
    # São Paulo's wall clock, summer time included.
    wanted = frame.time.dt.tz_localize("America/Sao_Paulo").dt.tz_convert("UTC").sort_values()
    assert (events.time.sort_values().to_numpy() == wanted.dt.as_unit("us").to_numpy()).all()


def test_olist_orders_and_revenue_of_every_month_without_cancelled_ones(public_shops, olist):
    *_, frame = olist
    sold = frame[frame.kind == "purchase"]
    orders = sold.groupby("order_id").agg(time=("time", "first"), spend=("price", "sum"))
    months = orders.groupby(orders.time.dt.to_period("M")).spend.agg(["size", "sum"])
    rows = public_shops["olist"].ask("orders", period="month").set_index("period")
    wanted = {month.start_time.date(): values for month, values in months.iterrows()}
    for month, row in rows.iterrows():
        size, spend = wanted.get(month, (0, 0))
        assert row.orders == size
        assert row.revenue == pytest.approx(spend)
    assert set(wanted) <= set(rows.index)


def test_olist_places_are_those_of_the_first_point_of_the_postcode(public_shops, olist):
    folder, zips, _, _, frame = olist
    points = pd.read_csv(folder / "olist_geolocation_dataset.csv.gz", dtype=zips)
    first = points.drop_duplicates("geolocation_zip_code_prefix").set_index("geolocation_zip_code_prefix")
    latitudes = frame.customer_zip_code_prefix.map(first.geolocation_lat)
    events = public_shops["olist"].events("kind", "latitude", "longitude")
    events = events[events.kind != "review"]
    assert events.latitude.isna().sum() == latitudes.isna().sum() > 0
    assert events.latitude.sum() == pytest.approx(latitudes.sum())
    assert events.longitude.sum() == pytest.approx(
        frame.customer_zip_code_prefix.map(first.geolocation_lng).sum(), rel=1e-9
    )


def test_olist_reviews_have_rating_text_and_the_order_s_first_item(public_shops, olist):
    folder, _, _, _, frame = olist
    # What somebody wrote is kept as it stands, whether or not pandas reads it as a missing value.
    reviews = pd.read_csv(folder / "olist_order_reviews_dataset.csv.gz", keep_default_na=False)
    known = reviews[reviews.order_id.isin(frame.order_id)]
    summary = public_shops["olist"].summaries["olist-reviews"]
    assert (summary.read, summary.added) == (len(reviews), len(known))
    assert summary.reasons == {"is not in olist_order_items_dataset.csv.gz": len(reviews) - len(known)}
    events = public_shops["olist"].events("kind", "item", "properties")
    events = events[events.kind == "review"]
    said = pd.DataFrame(pd.Series(events.properties).map(pd.io.json.ujson_loads).tolist())
    assert said.rating.value_counts().to_dict() == known.review_score.value_counts().to_dict()
    texts = known.review_comment_message.str.replace("\r\n", "\n")
    assert said.text.notna().sum() == (texts != "").sum()
    # Some wrote down their telephone number or e-mail address: those texts are masked, all others as they were.
    written, changed = set(texts), set(said.text.dropna()) - set(texts)
    assert 0 < len(changed) < 0.02 * len(written)
    assert all("*" in text for text in changed)
    items = frame.drop_duplicates("order_id").set_index("order_id").product_id
    assert events.item.value_counts().to_dict() == known.order_id.map(items).value_counts().to_dict()


def test_olist_catalogue_has_english_categories_and_the_last_price(public_shops, olist):
    folder = olist[0]
    products = pd.read_csv(folder / "olist_products_dataset.csv").set_index("product_id")
    english = pd.read_csv(folder / "product_category_name_translation.csv").set_index("product_category_name")
    names = products.product_category_name.map(english.product_category_name_english)
    names = names.fillna(products.product_category_name)
    items = public_shops["olist"].items().set_index("item")
    assert items.category.fillna("").to_dict() == names.fillna("").to_dict()
    lines = pd.read_csv(folder / "olist_order_items_dataset.csv.gz")
    prices = lines.drop_duplicates("product_id", keep="last").set_index("product_id").price
    assert items.price.to_dict() == pytest.approx(prices.reindex(items.index).to_dict(), nan_ok=True)


def test_taobao_sets_its_cut_last_line_aside_and_keeps_all_others(public_shops, data_directory):
    path = data_directory / "taobao_userbehavior_2h" / "UserBehavior.csv.gz"
    raw = pd.read_csv(path, header=None, names=["user", "item", "category", "did", "seconds"])
    whole = raw[raw.seconds > 1_000_000_000]
    summary = public_shops["taobao"].summaries["taobao-userbehavior"]
    assert (summary.read, summary.added, summary.rejected) == (96_169, 96_168, 1)
    assert summary.reasons == {"is before 1990-01-01": 1}
    rejects = Path(summary.rejects_file or "").read_text("utf-8")
    assert '"line":96169' in rejects
    events = public_shops["taobao"].events("kind", "subject", "day")
    words = {"pv": "view", "cart": "cart", "fav": "wish", "buy": "purchase"}
    assert events.kind.value_counts().to_dict() == whole.did.map(words).value_counts().to_dict()
    local = pd.to_datetime(whole.seconds, unit="s", utc=True).dt.tz_convert("Asia/Shanghai").dt.date
    rows = public_shops["taobao"].ask("stickiness").set_index("day")
    assert rows.dau.to_dict() == whole.groupby(local).user.nunique().to_dict() == {date(2017, 11, 26): 58_732}
    items = public_shops["taobao"].items().set_index("item")
    last = raw.drop_duplicates("item", keep="last").set_index("item").category
    assert items.category.astype(int).to_dict() == {str(k): v for k, v in last.items()}


def test_jd_days_sessions_and_orders(public_shops, data_directory):
    folder = data_directory / "jd_mkmsr_demo"
    raw = pd.concat([pd.read_csv(folder / name) for name in ("train.csv.gz", "test_new_item.csv")])
    summary = public_shops["jd"].summaries["jd-mkmsr"]
    assert (summary.read, summary.added, summary.rejected) == (30_360, 30_360, 0)
    events = public_shops["jd"].events("kind", "session", "subject", "item")
    words = {1: "view", 2: "purchase", 3: "wish", 4: "review"}
    assert events.kind.value_counts().to_dict() == raw.type.map(words).value_counts().to_dict()
    assert [events[c].nunique() for c in ("session", "subject", "item")] == [
        raw[c].nunique() for c in ("sessionId", "user_id", "sku_id")
    ]
    days = pd.to_datetime(raw.action_time).dt.date
    rows = public_shops["jd"].ask("stickiness").set_index("day")
    assert rows.dau.to_dict() == raw.groupby(days).user_id.nunique().to_dict()
    bought = raw[raw.type == 2]
    orders = public_shops["jd"].ask("orders", period="day")
    assert orders.orders.sum() == len(bought[["user_id", "sessionId"]].drop_duplicates()) == 1_835
    back = raw.assign(day=days).groupby("user_id").day.agg(set)
    cohort = back[back.map(lambda seen: date(2018, 3, 1) in seen)]
    cells = public_shops["jd"].ask("retention", period="day")
    cells = cells[cells.cohort == date(2018, 3, 1)].set_index("period").returned
    assert cells[1] == cohort.map(lambda seen: date(2018, 3, 2) in seen).sum()
    assert cells[2] == cohort.map(lambda seen: date(2018, 3, 3) in seen).sum()


def test_diginetica_keeps_days_and_the_order_within_sessions(public_shops, data_directory):
    folder = data_directory / "diginetica_sample"
    views = pd.read_csv(folder / "sample_train-item-views.csv", sep=";")
    bought = pd.read_csv(folder / "train-purchases.csv", sep=";")
    bought = bought.rename(columns={"sessionId": "session_id", "userId": "user_id", "itemId": "item_id"})
    raw = pd.concat([views.assign(kind="view"), bought.assign(kind="purchase")], ignore_index=True)
    raw["who"] = raw.user_id.map("{:.0f}".format).where(raw.user_id.notna(), "session " + raw.session_id.astype(str))
    events = public_shops["diginetica"].events("kind", "subject", "session", "item", "day", "time")
    assert len(events) == len(raw) == 30_416
    assert events.subject.nunique() == raw.who.nunique()
    for kind in ("view", "purchase"):
        wanted = raw[raw.kind == kind].groupby("eventdate").size()
        found = events[events.kind == kind].groupby("day").size()
        assert {str(pd.Timestamp(d).date()): n for d, n in found.items()} == wanted.to_dict()
    mine = events[events.kind == "view"].sort_values(["session", "time", "item"])
    theirs = views.sort_values(["eventdate", "timeframe"])
    theirs = theirs.assign(session=theirs.session_id.astype(str), item=theirs.item_id.astype(str))
    theirs = theirs.sort_values(["session", "eventdate", "timeframe", "item"])
    assert mine.item.tolist() == theirs.item.tolist()
    rows = public_shops["diginetica"].ask("stickiness", from_="2016-01-01").set_index("day")
    dau = raw.groupby("eventdate").who.nunique()
    assert {str(d): n for d, n in rows.dau.items() if n} == dau.to_dict()
    assert len(public_shops["diginetica"].items()) == 184_047


@pytest.mark.parametrize("name", ["retail", "olist", "taobao", "jd", "diginetica"])
def test_every_question_answers_on_every_shop(public_shops, name):
    """An answer has rows; or its headline knows nothing but how much there was to look at."""
    shop = public_shops[name].shop
    empty = []
    for question in shop.questions():
        answer = shop.insights(question)
        if answer.rows.num_rows == 0:
            empty.append(question)
            claims = [one for one in answer.headline.values() if one["value"] and one["value"] != one["n"]]
            assert claims == [], question
    print(f"{name}: no rows for {', '.join(empty) or 'none'}")
