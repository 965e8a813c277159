"""More questions about real public shops, each against pandas code on the raw files that shares nothing with them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix


@pytest.fixture(scope="module")
def sales(retail):
    """Return the lines sold by Online Retail."""
    frame = retail[1]
    return frame[frame.kind == "purchase"]


@pytest.fixture(scope="module")
def jd(data_directory):
    """Read JD's log, its times in seconds since 1970."""
    folder = data_directory / "jd_mkmsr_demo"
    raw = pd.concat([pd.read_csv(folder / name) for name in ("train.csv.gz", "test_new_item.csv")])
    times = pd.to_datetime(raw.action_time)
    raw["seconds"] = (times - pd.Timestamp("1970-01-01")).dt.total_seconds()
    raw["day"] = times.dt.date
    return raw.reset_index(drop=True)


def test_time_to_return_is_the_product_of_those_still_waiting(public_shops, retail):
    frame = retail[1]
    days = frame.groupby("who").day.agg(lambda seen: sorted(set(seen)))
    days = days[days.map(lambda seen: (seen[0] - frame.day.min()).days >= 56)]
    end = frame.day.max()
    back = days.map(lambda seen: len(seen) > 1)
    wait = days.map(lambda seen: ((seen[1] if len(seen) > 1 else end) - seen[0]).days)
    survival, wanted = 1.0, {}
    for day in range(1, 181):
        risk, came = int((wait >= day).sum()), int(((wait == day) & back).sum())
        if came:
            survival *= 1 - came / risk
            wanted[day] = (risk, came, 1 - survival)
    rows = public_shops["retail"].ask("time-to-return")
    rows = rows[rows.returned > 0]
    assert rows.days.tolist() == list(wanted)
    assert list(zip(rows.at_risk, rows.returned, strict=True)) == [(risk, came) for risk, came, _ in wanted.values()]
    np.testing.assert_allclose(rows.share, [share for *_, share in wanted.values()])
    assert len(rows) > 150


def test_buyers_by_recency_frequency_and_revenue(public_shops, sales):
    orders = sales.groupby(["who", "Invoice"]).agg(day=("day", "min"), spend=("amount", "sum")).reset_index()
    buyers = orders.groupby("who").agg(last=("day", "max"), n=("Invoice", "size"), spend=("spend", "sum"))
    later = buyers["last"].rank(method="min", ascending=False) - 1
    fewer = buyers.n.rank(method="min") - 1
    buyers["recency"] = 5 - np.floor(5 * later / len(buyers)).clip(upper=4).astype(int)
    buyers["frequency"] = 1 + np.floor(5 * fewer / len(buyers)).clip(upper=4).astype(int)
    wanted = buyers.groupby(["recency", "frequency"]).agg(customers=("n", "size"), revenue=("spend", "sum"))
    rows = public_shops["retail"].ask("rfm").set_index(["recency", "frequency"])
    rows = rows[rows.customers > 0].sort_index()
    assert rows.index.tolist() == wanted.index.tolist()
    assert rows.customers.tolist() == wanted.customers.tolist()
    np.testing.assert_allclose(rows.revenue, wanted.revenue)
    assert rows.customers.sum() == buyers.index.nunique() > 4_000


def test_countries_with_customers_orders_and_how_often_they_come(public_shops, retail):
    frame = retail[1]
    visits = frame.groupby(["who", "Country"]).agg(days=("day", "nunique"), last=("day", "max")).reset_index()
    homes = visits.sort_values(["days", "last", "Country"], ascending=[False, False, True]).drop_duplicates("who")
    home = homes.set_index("who").Country
    sold = frame[frame.kind == "purchase"]
    recent = frame[frame.day > frame.day.max() - timedelta(days=28)].groupby("who").day.nunique()
    rows = public_shops["retail"].ask("places").set_index("group")
    known = rows[rows.index != "…"]
    assert known.index[0] == "United Kingdom"
    for country, row in known.iterrows():
        people = home.index[home == country]
        theirs = sold[sold.who.isin(people)]
        assert row.customers == len(people) >= 10
        assert row.buyers == theirs.who.nunique()
        assert row.orders == len(theirs[["who", "Invoice"]].drop_duplicates())
        assert row.revenue == pytest.approx(theirs.amount.sum())
        monthly = recent[recent.index.isin(people)]
        if len(monthly):
            assert row.stickiness == pytest.approx(monthly.mean() / 28)
    assert rows.customers.sum() == len(home)
    assert rows.revenue.sum() == pytest.approx(sold.amount.sum())


def test_what_is_bought_together(public_shops, sales):
    held = sales[["who", "Invoice", "StockCode"]].drop_duplicates()
    held = held[held.groupby("Invoice").StockCode.transform("size") <= 100]
    baskets, items = held.Invoice.astype("category"), held.StockCode.astype("category")
    one = np.ones(len(held))
    matrix = csr_matrix((one, (baskets.cat.codes, items.cat.codes)))
    both = (matrix.T @ matrix).tocoo()
    alone, n = np.asarray(matrix.sum(axis=0)).ravel(), matrix.shape[0]
    often = (both.row < both.col) & (both.data >= 20)
    k, a, b = both.data[often], alone[both.row[often]], alone[both.col[often]]
    lift = k * n / (a * b)
    low = lift / np.exp(1.959964 * np.sqrt(np.maximum(1 / k - 1 / a - 1 / b + (2 * lift - 1) / n, 0)))
    names = np.asarray(items.cat.categories)
    of_item = {name: set(group) for name, group in held.groupby("StockCode").Invoice}
    buyer = held.drop_duplicates("Invoice").set_index("Invoice").who
    rows = public_shops["retail"].ask("affinity")
    found = {frozenset((row.item, row.with_item)): row for row in rows.itertuples()}
    wanted = []
    for at in np.argsort(-low):
        pair = frozenset((names[both.row[often][at]], names[both.col[often][at]]))
        first, second = pair
        if buyer[list(of_item[first] & of_item[second])].nunique() >= 5:
            wanted.append((pair, int(k[at]), lift[at], low[at]))
        if len(wanted) == len(found):
            break
    assert len(found) >= 20
    for pair, orders, how, least in wanted[:-3]:  # ties in the last places may go either way
        row = found[pair]
        assert (row.orders, row.lift, row.low) == (orders, pytest.approx(how), pytest.approx(least, rel=1e-5))
        assert row.item_orders == len(of_item[row.item])
        assert row.confidence == pytest.approx(orders / len(of_item[row.item]))


def test_how_quantities_move_with_prices(public_shops, sales):
    lines = sales[(sales.Quantity > 0) & (sales.amount > 0)]
    lines = lines[(lines.day >= "2009-12-07") & (lines.day <= "2010-12-05")]
    lines = lines.assign(
        week=(lines.day - pd.Timestamp("2009-12-07")).dt.days // 7, price=lines.amount / lines.Quantity
    )
    weekly = lines.groupby(["StockCode", "week"]).agg(units=("Quantity", "sum"), price=("price", "mean")).reset_index()
    weekly = weekly[weekly.groupby("StockCode").week.transform("size") >= 12]
    prices = weekly.groupby("StockCode").price
    weekly = weekly[prices.transform("max") > prices.transform("min") * 1.01]
    left = np.log(weekly[["price", "units"]])
    for _ in range(200):  # means of products and weeks, in turn, until nothing is left of them
        for by in (weekly.StockCode, weekly.week):
            left = left - left.groupby(by).transform("mean")
    slope = (left.price * left.units).sum() / (left.price**2).sum()
    answer = public_shops["retail"].shop.insights("price-response")
    assert answer.headline["products"]["value"] == weekly.StockCode.nunique()
    assert answer.headline["elasticity"]["value"] == pytest.approx(slope, abs=1e-6)
    assert slope < -1


def test_visits_end_after_half_an_hour_without_an_event(public_shops, jd):
    ordered = jd.sort_values(["user_id", "seconds"])
    gap = ordered.groupby("user_id").seconds.diff()
    ordered["visit"] = (gap.isna() | (gap > 1_800)).cumsum()
    visits = ordered.groupby("visit").agg(
        day=("day", "first"),
        length=("seconds", lambda times: times.max() - times.min()),
        events=("type", "size"),
        bought=("type", lambda types: (types == 2).any()),
    )
    by_day = visits.groupby("day")
    rows = public_shops["jd"].ask("sessions", period="day").set_index("period")
    assert rows.sessions.to_dict() == by_day.size().to_dict()
    for name, wanted in (
        ("bounces", by_day.events.agg(lambda n: (n == 1).mean())),
        ("bought", by_day.bought.mean()),
        ("mean_seconds", by_day.length.mean()),
        ("median_seconds", by_day.length.median()),
        ("per_session", by_day.events.mean()),
    ):
        assert rows[name].to_dict() == pytest.approx(wanted.to_dict()), name
    own = public_shops["jd"].ask("sessions", period="day", boundary="sender")
    assert own.sessions.sum() == jd.sessionId.nunique()


def test_products_looked_at_and_bought(public_shops, jd):
    people = {
        kind: jd[jd.type == number].groupby("sku_id").user_id.agg(set)
        for kind, number in (("viewers", 1), ("buyers", 2))
    }
    both = people["viewers"].to_frame("v").join(people["buyers"].to_frame("b"), how="outer")
    rows = public_shops["jd"].ask("products", sort="viewers", limit=300).set_index("item")
    for item, row in rows.iterrows():
        seen, bought = (one if isinstance(one, set) else set() for one in both.loc[int(item), ["v", "b"]])
        assert (row.viewers, row.buyers) == (len(seen), len(bought))
        assert row.buy_rate == pytest.approx(len(seen & bought) / len(seen))
    largest = people["viewers"].map(len).nlargest(300)
    assert sorted(rows.viewers, reverse=True) == sorted(largest, reverse=True)


def test_products_sold_sent_back_and_bought_again(public_shops, retail):
    frame = retail[1]
    end = frame.day.max()
    now = frame[frame.day > end - timedelta(days=90)]
    sold, sent = now[now.kind == "purchase"], now[now.kind == "refund"]
    rows = public_shops["retail"].ask("products", limit=40).set_index("item")
    assert rows.revenue.tolist() == pytest.approx(sold.groupby("StockCode").amount.sum().nlargest(40).tolist())
    before = frame[(frame.kind == "purchase") & (frame.day <= end - timedelta(days=90))]
    before = before[before.day > end - timedelta(days=180)]
    for item, row in rows.iterrows():
        mine, back = sold[sold.StockCode == item], sent[sent.StockCode == item]
        buyers = set(mine.who)
        assert (row.buyers, row.quantity) == (len(buyers), mine.Quantity.sum())
        assert row.refund_rate == pytest.approx(len(buyers & set(back.who)) / len(buyers))
        assert row.refunded == pytest.approx(back.amount.sum())
        days = mine.groupby("who").day.agg(lambda seen: sorted(set(seen)))
        followed = days[days.map(lambda seen: seen[0] <= end - timedelta(days=30))]
        again = followed.map(lambda seen: len(seen) > 1 and (seen[1] - seen[0]).days <= 30)
        assert (row.followed, row.repeat_rate) == (len(followed), pytest.approx(again.mean()))
        earlier = before[before.StockCode == item].who.nunique()
        assert row.buyers_before == earlier
        if earlier:
            assert row.change == pytest.approx(len(buyers) / earlier - 1)


def test_products_of_a_marketplace_with_their_stars(public_shops, data_directory):
    folder = data_directory / "olist_8k"
    lines = pd.read_csv(folder / "olist_order_items_dataset.csv.gz")
    reviews = pd.read_csv(folder / "olist_order_reviews_dataset.csv.gz", keep_default_na=False)
    first = lines.drop_duplicates("order_id").set_index("order_id").product_id
    reviews["item"] = reviews.order_id.map(first)
    stars = reviews.dropna(subset="item").groupby("item").review_score.agg(["size", "mean"])
    status = pd.read_csv(folder / "olist_orders_dataset.csv.gz").set_index("order_id").order_status
    sold = lines[~lines.order_id.map(status).isin(["canceled", "unavailable"])]
    revenue = sold.groupby("product_id").price.sum()
    rows = public_shops["olist"].ask("products", from_="2016-01-01", limit=200).set_index("item")
    assert rows.revenue.to_dict() == pytest.approx(revenue.reindex(rows.index).to_dict())
    assert rows.revenue.min() >= revenue.nlargest(200).min() - 1e-6
    for item, row in rows.iterrows():
        if item in stars.index:
            assert (row.ratings, row.reviews) == (stars.loc[item, "size"], stars.loc[item, "size"])
            assert row.rating == pytest.approx(stars.loc[item, "mean"])
        else:
            assert row.ratings == 0


@pytest.mark.parametrize(("window", "seconds"), [("7d", 7 * 86_400), ("5m", 300)])
def test_from_looking_to_buying(public_shops, jd, window, seconds):
    started, times = 0, []
    for _, mine in jd.groupby("user_id"):
        views = np.sort(mine.seconds[mine.type == 1].to_numpy())
        started += len(views) > 0
        for bought in np.sort(mine.seconds[mine.type == 2].to_numpy()):
            before = views[(views <= bought) & (views >= bought - seconds)]
            if len(before):
                times.append(bought - before[-1])
                break
    rows = public_shops["jd"].ask("funnel", steps="view,purchase", window=window)
    assert rows.reached.tolist() == [started, len(times)]
    assert rows.median_seconds[1] == pytest.approx(np.median(times))
    assert rows.p90_seconds[1] == pytest.approx(np.quantile(times, 0.9))
    assert len(times) > 500


def test_from_looking_over_the_cart_to_buying(public_shops, data_directory):
    path = data_directory / "taobao_userbehavior_2h" / "UserBehavior.csv.gz"
    raw = pd.read_csv(path, header=None, names=["user", "item", "category", "did", "seconds"]).iloc[:-1]
    viewed = raw[raw.did == "pv"].groupby("user").seconds.min()
    carts = raw[raw.did == "cart"]
    carted = carts[carts.seconds >= carts.user.map(viewed)].groupby("user").seconds.min()
    bought = raw[raw.did == "buy"]
    done = bought[bought.seconds >= bought.user.map(carted)].user.nunique()
    rows = public_shops["taobao"].ask("funnel")
    assert rows.reached.tolist() == [len(viewed), len(carted), done]
    assert done > 5


def test_the_commonest_paths_and_what_follows_what(public_shops):
    # Several actions share a second: their order is that of the ids, which the raw file does not have.
    events = public_shops["jd"].events("subject", "time", "id", "kind").sort_values(["subject", "time", "id"])
    gap = events.groupby("subject").time.diff()
    visit = (gap.isna() | (gap > pd.Timedelta(minutes=30))).cumsum()
    again = (events.kind == events.kind.shift()) & (visit == visit.shift())
    walks = events[~again].groupby(visit[~again]).kind.agg(list)
    short = walks.map(lambda walk: " → ".join(walk[:5] if len(walk) >= 5 else [*walk, "(end)"]))
    wanted = short.value_counts()
    rows = public_shops["jd"].ask("paths", view="paths").set_index("path")
    assert rows.sessions.tolist() == sorted(wanted, reverse=True)[:10]
    assert rows.sessions.to_dict() == wanted[rows.index].to_dict()
    np.testing.assert_allclose(rows.share, rows.sessions / len(walks))
    pairs = pd.Series([pair for walk in walks for pair in zip(walk, [*walk[1:], "(end)"], strict=True)]).value_counts()
    matrix = public_shops["jd"].ask("paths", view="matrix").set_index(["this", "next"]).sessions
    assert matrix.to_dict() == pairs.to_dict()
    assert matrix["view", "purchase"] > 1_000


def test_trends_of_revenue_customers_and_the_share_given_back(public_shops, retail):
    frame = retail[1]
    month = frame.day.dt.to_period("M")
    sold, sent = frame[frame.kind == "purchase"], frame[frame.kind == "refund"]
    revenue, back = (part.groupby(month).amount.sum() for part in (sold, sent))
    asked = "purchase:value,*:customers,refund:value"
    rows = public_shops["retail"].ask("trends", series=asked, period="month").groupby("series").value.agg(list)
    np.testing.assert_allclose(rows["purchase:value"], revenue)
    np.testing.assert_allclose(rows["refund:value"], back)
    assert rows["*:customers"] == frame.groupby(month).who.nunique().tolist()
    share = public_shops["retail"].ask("trends", series=asked, formula="C / A", period="month")
    np.testing.assert_allclose(share.value, back / revenue)


def test_trends_of_the_five_largest_countries_and_all_others(public_shops, sales):
    largest = sales.groupby("Country").amount.sum().nlargest(5).index
    place = sales.Country.where(sales.Country.isin(largest), "…")
    wanted = sales.groupby([place, sales.day.dt.to_period("M")]).amount.sum()
    rows = public_shops["retail"].ask("trends", series="purchase:value", period="month", breakdown="country")
    found = rows.set_index(["group", pd.to_datetime(rows.period).dt.to_period("M")]).value
    assert set(found.index.get_level_values(0)) == {*largest, "…"}
    assert found[found > 0].to_dict() == pytest.approx(wanted.to_dict())
