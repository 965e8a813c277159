"""Every question, on Spark and on DuckDB: the same shop, the same answer.

One local Spark session serves the whole file. Names, counts, days and the order of rows must be equal; ratios and
sums to 1e-9, since engines add doubles up in orders of their own. A new question is compared as soon as it is one.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import ROOT, need
from tests.insights.differences import difference
from tests.insights.eventful_shop import STORES, eventful_customers, eventful_events, eventful_items
from tests.insights.spark_cases import AS_OF, ASKED, ORDERED, TABLES, WAYS

from regulars.insights import PROVINCES_ONLY, QUESTIONS, Sources, ask
from regulars.insights.cohort_rules import read_rules
from regulars.insights.cohorts import cohort_members
from regulars.shop import Shop
from regulars.store.engine import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    # A small compiler: many short queries, of which none runs long enough for a better one to pay.
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    # Nor does writing and compiling a Java class for each of them: expressions mean the same when interpreted.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Not UTC on purpose: no answer may depend on where the cluster stands.
    "spark.sql.session.timeZone": "America/New_York",
}


class Engines(NamedTuple):
    """The same shop in two engines, and a shop without anything in it."""

    duckdb: Sources
    spark: Sources
    empty_duckdb: Sources
    empty_spark: Sources


def _sources(run: Any, events: Any, items: Any, customers: Any) -> Sources:
    whole = Sources(events, run, items, customers, stores=STORES, divisions=PROVINCES_ONLY)
    return replace(whole, cohorts={"茶客": cohort_members(whole, read_rules(["purchase >= 2"]), AS_OF)})


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    need(shutil.which("java") is not None, "java (Debian's openjdk-17-jre-headless)")
    need(find_spec("pyspark") is not None, "pyspark (the spark extra)")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    tables = {"events": eventful_events(), "items": eventful_items(), "customers": eventful_customers()}
    empty = {name: table.schema.empty_table() for name, table in tables.items()}
    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    spark, duckdb = ibis.pyspark.connect(session), ibis.duckdb.connect(threads=1)

    def in_spark(tables: dict[str, pa.Table], prefix: str) -> Sources:
        for name, table in tables.items():
            path = folder / f"{prefix}{name}.parquet"
            pq.write_table(table, path)
            session.read.parquet(str(path)).coalesce(2).cache().createOrReplaceTempView(prefix + name)
        return _sources(spark.to_pyarrow, *(spark.table(prefix + name) for name in tables))

    def in_duckdb(tables: dict[str, pa.Table]) -> Sources:
        whole = _sources(duckdb.to_pyarrow, *(ibis.memtable(table) for table in tables.values()))
        # As a shop asks: with DuckDB's own way of reading times.
        return replace(whole, micros=microseconds)

    yield Engines(in_duckdb(tables), in_spark(tables, ""), in_duckdb(empty), in_spark(empty, "empty_"))
    session.stop()


def _names(cases: Any) -> list[str]:
    return [" ".join([name, *(f"{key}={value}" for key, value in raw.items())]) for name, raw in cases]


@pytest.mark.parametrize(("name", "raw"), ASKED, ids=_names(ASKED))
def test_a_question_has_one_answer(engines: Engines, name: str, raw: dict[str, Any]) -> None:
    ours = ask(name, engines.duckdb, raw)
    theirs = ask(name, engines.spark, raw)
    assert ours.rows.num_rows > 0
    assert theirs.rows.schema == ours.rows.schema
    assert difference(ours.rows.to_pylist(), theirs.rows.to_pylist(), "rows") is None
    assert difference(ours.headline, theirs.headline, "headline") is None
    assert theirs.params == ours.params


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_shop_has_one_answer(engines: Engines, name: str) -> None:
    ours = ask(name, engines.empty_duckdb, {})
    theirs = ask(name, engines.empty_spark, {})
    assert theirs.rows.equals(ours.rows)
    assert difference(ours.headline, theirs.headline, "headline") is None


@pytest.mark.parametrize("name", [*TABLES, *ORDERED])
def test_a_table_that_pages_are_made_of_is_the_same(engines: Engines, name: str) -> None:
    make = TABLES.get(name) or ORDERED[name]
    ours, theirs = (sources.run(make(sources)).to_pylist() for sources in (engines.duckdb, engines.spark))
    assert ours
    if name in TABLES:
        ours, theirs = sorted(ours, key=_key), sorted(theirs, key=_key)
    assert difference(ours, theirs, name) is None


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in row.values() if not isinstance(value, float))


@pytest.mark.usefixtures("engines")
def test_the_example_of_the_documentation_answers_as_the_shop_does(
    shop_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of a shop, into Spark, and asked there: the blocks of docs/scale.md, one after the other."""
    (tmp_path / "shop").symlink_to(shop_directory)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```py\n(.*?)^```", (ROOT / "docs" / "scale.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    said: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "scale.md", "exec"), said)  # noqa: S102 - the documentation's own example
    with Shop.open("shop") as shop:
        ours = shop.insights("retention", period="month")
    assert ours.rows.num_rows > 3
    assert difference(ours.rows.to_pylist(), said["answer"].rows.to_pylist(), "rows") is None
    assert set(said["split"].rows["group"].to_pylist()) == {"in", "out"}


def test_every_question_is_asked_in_more_ways_than_one() -> None:
    """A question without a case of its own in `WAYS` is compared with its defaults alone."""
    assert set(QUESTIONS) - {name for name, _ in WAYS} == set()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([{"n": 1}], [{"n": 2}]),
        ([{"n": 1}], [{"n": 1.0}]),
        ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}]),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}]),
        ([{"x": 1.0}], [{"x": 1.0 + 1e-8}]),
        ([{"x": None}], [{"x": ""}]),
        ([{"x": 1}], []),
    ],
)
def test_the_comparison_sees_a_difference(one: Any, two: Any) -> None:
    assert difference(one, two, "rows") is not None
    assert difference(one, one, "rows") is None
