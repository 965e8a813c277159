"""Which customers buy the same uncommon products: communities of taste, against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.compute import pc
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import shopper_events
from regulars.insights.dimensions import OTHERS
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import Params, understood

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.insights.social_graph import Sparse
    from regulars.insights.sources import Sources

MOST_CUSTOMERS = 20_000
"""Customers compared with each other: those with the most uncommon products."""
PRODUCTS = 5
SCHEMA = pa.schema(
    {
        "community": pa.string(),
        "customers": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "products": pa.string(),
    }
)
COLUMNS = {
    "community": Column("Community", "text"),
    "share": Column("Share of customers", "share"),
    "products": Column("What they buy more than others", "text"),
}
PLOT = Plot(
    title="Customers of one taste",
    series=[Series(x="community", y="customers", name="Customers", kind="bar")],
    x_title="Community",
    y_title="Customers",
)


class CommunitiesParams(Params, frozen=True, kw_only=True):
    """Parameters of `communities`."""

    most_buyers: Annotated[
        int, Meta(description="Products with more buyers than this tie nobody: everyone buys them.", ge=2, le=1000)
    ] = 100
    shared: Annotated[int, Meta(description="Uncommon products that two customers must share.", ge=1, le=20)] = 2
    neighbours: Annotated[int, Meta(description="Strongest ties that a customer keeps.", ge=1, le=200)] = 20
    random_shops: Annotated[
        int, Meta(description="Random shops that the communities are compared with.", ge=19, le=999)
    ] = 19
    seed: Annotated[int, Meta(description="Same seed, same answer.", ge=0)] = 7
    min_customers: Annotated[
        int, Meta(description="Communities with fewer customers are counted with the others.", ge=1, le=1000)
    ] = 10


class _Found(NamedTuple):
    """Communities of the tied customers, and how distinct they are, here and in random shops."""

    member: NDArray[np.int64]
    tied: NDArray[np.bool_]
    modularity: float
    random: NDArray[np.float64]


def communities(sources: Sources, params: CommunitiesParams) -> Table:
    """Group customers who buy the same uncommon products, and say whether the groups are more than chance.

    Customers are tied by the products with 2 to `most_buyers` buyers that they share; see `social_graph` for the ties'
    strength and for the communities. A row a community of at least `min_customers`, largest first, with the products
    that its members buy most beyond the others: those at least `min_customers` of them bought, by n · ln(lift), at most
    five. '…' are the smaller communities together, '' the customers without ties. Of more than 20,000 customers those
    with the most uncommon products are compared, equal ones by their pseudonyms' order.

    The headline gives the modularity beside that of random shops, in which every customer buys as many products and
    every product has as many buyers: its mean and 95% range, and p = (1 + random ones as large) / (1 + random shops).
    With p above 0.05 the communities are no more than chance makes.
    """
    span = sources.span(params.to)
    if span is None:
        return _table([], params, None, _headline(None, 0, 0))
    pairs = sources.run(uncommon_purchases(sources, params.most_buyers, span.last))
    customers, matrix, titles = _matrix(pairs)
    found = _find(matrix, params) if matrix.nnz else None
    rows = _rows(found, matrix, titles, customers, params.min_customers)
    shown = sum(1 for row in rows if row["community"] not in ("", OTHERS))
    return _table(rows, params, span, _headline(found, shown, customers))


def uncommon_purchases(sources: Sources, most: int, last: date) -> ir.Table:
    """Return subject, item and title: what each buyer bought of the products with 2 to `most` buyers, each once.

    A buyer of none has one row with an item of null.
    """
    purchases = shopper_events(sources.events, ("purchase",), last=last)
    bought = purchases.filter(_.item.notnull()).select("subject", "item").distinct()
    buyers = bought.group_by("item").aggregate(buyers=_.count()).filter(_.buyers >= 2, _.buyers <= most)
    titled = buyers.left_join(sources.items.select("item", "title"), "item").select("item", "title")
    pairs = bought.inner_join(titled, "item").select("subject", "item", "title")
    people = purchases.select("subject").distinct()
    joined = people.left_join(pairs, "subject").select("subject", "item", "title")
    return joined.order_by("subject", "item")


def _matrix(pairs: pa.Table) -> tuple[int, Sparse, list[str]]:
    """Return how many customers there are, the matrix of what they bought, and the products' titles.

    Rows and columns are in the order of pseudonyms and of items; only the busiest `MOST_CUSTOMERS` have a row.
    """
    from scipy.sparse import csr_array

    customers = pc.count_distinct(pairs.column("subject")).as_py()
    pairs = pairs.filter(pc.field("item").is_valid())
    people, row = _coded(pairs.column("subject"))
    items, column = _coded(pairs.column("item"))
    titles = pairs.column("title").combine_chunks()
    first = np.full(len(items), -1, np.int64)
    first[column[::-1]] = np.arange(len(column))[::-1]
    named = [title or item for title, item in zip(titles.take(pa.array(first)).to_pylist(), items, strict=True)]
    busiest = np.argsort(-np.bincount(row, minlength=len(people)), kind="stable")[:MOST_CUSTOMERS]
    matrix = csr_array((np.ones(len(row)), (row, column)), shape=(len(people), len(items)))
    return customers, matrix[np.sort(busiest)], named


def _coded(names: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different names, sorted, and the place of each name among them."""
    encoded = names.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(values), np.int64)
    place[order] = np.arange(len(values))
    return [values[at] for at in order], place[encoded.indices.to_numpy(zero_copy_only=False)]


def _find(matrix: Sparse, params: CommunitiesParams) -> _Found:
    # Numba and SciPy take a second to load: only who asks waits for them.
    from regulars.insights import social_graph

    def judged(shop: Sparse, seed: int) -> tuple[Sparse, NDArray[np.int64], float]:
        graph = social_graph.co_purchases(shop, shared=params.shared, neighbours=params.neighbours)
        member = social_graph.communities(graph, seed)
        return graph, member, social_graph.modularity(graph, member)

    graph, member, value = judged(matrix, params.seed)
    seeds = range(params.seed + 1, params.seed + 1 + params.random_shops)
    random = [judged(social_graph.random_shop(matrix, seed), seed)[2] for seed in seeds]
    return _Found(member, np.diff(graph.indptr) > 0, value, np.array(random))


def _rows(found: _Found | None, matrix: Sparse, titles: list[str], customers: int, least: int) -> list[dict[str, Any]]:
    sizes = np.bincount(found.member[found.tied]) if found else np.zeros(0, np.int64)
    order = sorted(range(len(sizes)), key=lambda at: (-sizes[at], at))
    shown = [at for at in order if sizes[at] >= least]
    rows: list[dict[str, Any]] = []
    for number, at in enumerate(shown):
        inside = found.member == at if found else np.zeros(0, bool)
        rows.append(_row(str(number + 1), int(sizes[at]), customers, _typical(matrix, inside, titles, least)))
    others = int(sizes.sum()) - sum(row["customers"] for row in rows)
    alone = customers - int(sizes.sum())
    rest = [(OTHERS, others)] * (others > 0) + [("", alone)] * (alone > 0)
    return rows + [_row(name, size, customers, None) for name, size in rest]


def _row(name: str, size: int, customers: int, products: str | None) -> dict[str, Any]:
    low, high = wilson(size, customers)
    values = (name, size, size / customers, low, high, products)
    return dict(zip(SCHEMA.names, values, strict=True))


def _typical(matrix: Sparse, inside: NDArray[np.bool_], titles: list[str], least: int) -> str:
    """Return the titles of the products that a community buys most beyond its share of their buyers."""
    everyone = np.asarray(matrix.sum(axis=0)).ravel()
    here = np.asarray(matrix[np.flatnonzero(inside)].sum(axis=0)).ravel()
    lift = here / np.maximum(everyone * inside.mean(), 1e-12)
    score = np.where((here >= least) & (lift > 1), here * np.log(np.maximum(lift, 1.0)), 0.0)
    best = [titles[at] for at in np.lexsort((np.arange(len(score)), -score)).tolist() if score[at] > 0]
    # Several products can have one title.
    return "; ".join(list(dict.fromkeys(best))[:PRODUCTS])


def _headline(found: _Found | None, shown: int, customers: int) -> dict[str, Any]:
    tied = int(found.tied.sum()) if found else 0
    low, high = wilson(tied, customers)
    least, most = np.quantile(found.random, (0.025, 0.975)).tolist() if found else (None, None)
    shops = len(found.random) if found else 0
    as_large = int((found.random >= found.modularity - 1e-12).sum()) if found else 0
    return {
        "communities": reading(shown, n=tied, unit="customers", label="Communities"),
        "tied": reading(
            tied / customers if customers else None, low=low, high=high, n=customers, unit="customers",
            label="Share tied to others", format="share",
        ),
        "modularity": reading(found.modularity if found else None, n=tied, unit="customers", label="Modularity"),
        "random": reading(
            float(found.random.mean()) if found else None, low=least, high=most, n=shops, unit="random shops",
            label="Modularity of random shops",
        ),
        "p": reading((1 + as_large) / (1 + shops) if found else None, n=shops, unit="random shops", label="p-value"),
    }  # fmt: skip


def _table(rows: list[dict[str, Any]], params: CommunitiesParams, span: Any, headline: dict[str, Any]) -> Table:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Table("communities", table, PLOT, understood(params, span), headline=headline, columns=COLUMNS)
