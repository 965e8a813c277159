"""What a statement may say: every hostile one is refused before it runs, every honest one passes."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.errors import UsageError
from regulars.store.sql_check import LONGEST, check_text, check_tree, place
from regulars.store.sql_functions import FUNCTIONS, TABLE_FUNCTIONS

VIEWS = frozenset({"events", "items"})
PLAIN = duckdb.connect(config={"enable_external_access": False})
PLAIN.execute("CREATE TABLE events (kind VARCHAR); CREATE TABLE items (item VARCHAR)")


def check(sql: str, views: frozenset[str] = VIEWS) -> frozenset[str]:
    """Return the views that a statement reads; in this process, where the parser is given nothing that fills memory."""
    check_text(sql)
    try:
        row = PLAIN.execute("SELECT json_serialize_sql($1)", [sql]).fetchone()
    except duckdb.Error:
        row = None
    return check_tree(row[0] if row else "", sql, views)


WORDS = """
SELECT * FROM events items ( ) , ; 'x.csv' "a" WITH t AS read_text glob duckdb_views pg_catalog . main UNION 1 + IN
EXISTS WHERE query COPY TO range unnest LATERAL JOIN ON $1 -- /* */ :: regclass
"""
HOSTILE = [
    # changes, and what is no SELECT
    "COPY events TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.parquet'",
    "ATTACH '/tmp/x.db'",
    "ATTACH 'host=localhost' AS p (TYPE postgres)",
    "PRAGMA database_list",
    "SET memory_limit = '100GB'",
    "RESET memory_limit",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "DROP VIEW events",
    "DELETE FROM events",
    "UPDATE items SET price = 0",
    "INSERT INTO items VALUES (1)",
    "WITH t AS (INSERT INTO items VALUES (1) RETURNING *) SELECT * FROM t",
    "WITH t AS (DELETE FROM items RETURNING *) SELECT * FROM t",
    "EXPORT DATABASE '/tmp/x'",
    "CALL pragma_version()",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT * FROM events",
    "BEGIN",
    "CHECKPOINT",
    "VACUUM",
    "USE memory",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "DESCRIBE events",
    "SUMMARIZE events",
    "SELECT * FROM (DESCRIBE events)",
    "SELECT * FROM (SHOW TABLES)",
    # several statements
    "SELECT 1; SELECT 2",
    "SELECT 1;; COPY events TO '/tmp/x'",
    "SELECT 1 /* ; */; DROP VIEW events --",
    "",
    " ; ",
    "-- nothing",
    # files
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/x.parquet')",
    "SELECT * FROM parquet_scan('/etc/x.parquet')",
    "SELECT * FROM parquet_metadata('/etc/x.parquet')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_duckdb('/tmp/x.db')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'events.parquet'",
    "SELECT * FROM 'https://evil.example/x.csv'",
    'SELECT * FROM "events.parquet"',
    'SELECT * FROM "/etc/passwd"',
    "FROM 's3://bucket/x.parquet'",
    "TABLE '/etc/passwd'",
    "SELECT (SELECT max(content) FROM read_text('/etc/passwd'))",
    "SELECT 1 WHERE EXISTS (SELECT * FROM glob('/*'))",
    "SELECT count(*) FROM events WHERE item IN (SELECT file FROM glob('/*'))",
    "SELECT 1 ORDER BY (SELECT count(*) FROM glob('/*'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM glob('/*'))",
    "SELECT sum(1) OVER (ORDER BY (SELECT count(*) FROM glob('/*'))) FROM events",
    "SELECT count(*) FILTER (WHERE (SELECT true FROM glob('/*'))) FROM events",
    "SELECT list_transform([1], lambda x: (SELECT content FROM read_text('/etc/passwd')))",
    "SELECT [(SELECT 1 FROM glob('/*')) FOR x IN [1]]",
    "SELECT * FROM range((SELECT count(*) FROM glob('/*')))",
    "SELECT * FROM events, LATERAL (SELECT * FROM read_text(item))",
    "SELECT * REPLACE ((SELECT 1 FROM glob('/*')) AS kind) FROM events",
    "SELECT COLUMNS(c -> (SELECT true FROM glob('/*'))) FROM events",
    "VALUES ((SELECT count(*) FROM glob('/*')))",
    "SELECT CASE WHEN (SELECT true FROM glob('/*')) THEN 1 END",
    # SQL in a text
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('duckdb_settings')",
    "SELECT * FROM query_table(['events'])",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT json_deserialize_sql('{}')",
    # settings, catalogues, sessions
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM duckdb_views",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_settings",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM memory.main.events",
    "SELECT * FROM main.events",
    "SELECT * FROM system.main.duckdb_settings",
    "SELECT * FROM temp.x",
    "SELECT * FROM regulars_events",
    "SELECT * FROM regulars_counted",
    'SELECT * FROM "regulars_events"',
    "SELECT * FROM REGULARS_EVENTS",
    "SELECT getvariable('x')",
    "SELECT current_setting('temp_directory')",
    "SELECT pg_catalog.current_setting('temp_directory')",
    "SELECT getenv('HOME')",
    "SELECT current_query()",
    "SELECT version()",
    "SELECT pg_get_viewdef(1)",
    "SELECT nextval('x')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(10000)",
    "SELECT pg_sleep(100)",
    "SELECT error('x')",
    "SELECT setseed(0.5)",
    "SELECT 'events'::regclass",
    "SELECT * FROM seq_scan('events')",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function()",
    "SELECT * FROM events AT (VERSION => 1)",
    # bombs of one call
    "SELECT repeat('x', 4000000000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT printf('%2000000000d', 1)",
    "SELECT len(range(1000000000))",
    "SELECT unnest(generate_series(1, 1000000000))",
    "SELECT levenshtein(item, item) FROM events",
    "SELECT list_resize([1], 1000000000)",
    "SELECT CAST('1' AS bignum)",
    # names that are something else
    "WITH events AS (SELECT 1) SELECT * FROM events",
    "WITH EVENTS AS (SELECT 1) SELECT * FROM events",
    "WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings",
    "SELECT * FROM (WITH pg_views AS (SELECT 1) SELECT * FROM pg_views), pg_views",
    "WITH regulars_events AS (SELECT 1) SELECT * FROM regulars_events",
    "WITH \"x.csv\" AS (SELECT 1) SELECT * FROM (SELECT 1), 'x.csv'",
    "WITH \uff45vents AS (SELECT 1) SELECT * FROM \uff45vents",
    "WITH duckdb_\u017fettings AS (SELECT 1) SELECT * FROM duckdb_\u017fettings",
    "SELECT * FROM \u0435vents",
    # parameters and defaults
    "SELECT $1",
    "SELECT ?",
    "SELECT $name",
    "SELECT DEFAULT",
    # no text, too long, too deep
    "SELECT 'a\0b'",
    "SELECT '\ud800'",
    "SELECT '" + "x" * LONGEST + "'",
    "SELECT " + "(" * 450 + "1",
    "SELECT " + "abs(" * 450 + "1" + ")" * 450,
    "SELECT * FROM " + "(SELECT * FROM " * 450 + "events" + ")" * 450,
    "SELECT 1" + " + 1" * 4_000,
    "SELECT " + "CASE WHEN true THEN " * 600 + "1" + " END" * 600,
    "SELECT (",
    "/* SELECT 1",
]
HONEST = {
    "SELECT 1": set(),
    "select Kind, count(*) from EVENTS group by all order by 2 desc limit 5;": {"events"},
    "FROM events SELECT kind": {"events"},
    "SELECT e.*, i.title FROM events e LEFT JOIN items i USING (item) WHERE e.day BETWEEN '2024-01-01' AND today()": {
        "events",
        "items",
    },
    "WITH a AS (SELECT * FROM items), b AS MATERIALIZED (SELECT * FROM a) SELECT count(*) FROM b, a": {"items"},
    "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 9) SELECT sum(x) FROM t": set(),
    "SELECT sum(value) OVER (PARTITION BY kind ORDER BY time ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM events": {
        "events"
    },
    "SELECT row_number() OVER w, lag(day) OVER w FROM events WINDOW w AS (ORDER BY time) QUALIFY rank() OVER w < 3": {
        "events"
    },
    "SELECT * EXCLUDE (day) REPLACE (upper(kind) AS kind) FROM events": {"events"},
    "SELECT COLUMNS('i.*') FROM items": {"items"},
    "SELECT d, count(e.day) FROM generate_series(DATE '2024-01-01', DATE '2024-02-01', INTERVAL 1 day) s(d) "
    "LEFT JOIN events e ON e.day = d GROUP BY 1": {"events"},
    "SELECT unnest([1, 2]), list_transform([1], lambda x: x + 1), [x * 2 FOR x IN [1, 2] IF x > 1], {'a': 1}.a": set(),
    "(SELECT kind FROM events) UNION ALL BY NAME (SELECT brand AS kind FROM items) EXCEPT SELECT 'x'": {
        "events",
        "items",
    },
    "SELECT quantile_cont(price, 0.5), count(DISTINCT brand) FILTER (WHERE price > 1), mode(brand) FROM items": {
        "items"
    },
    "SELECT date_trunc('month', time), extract(hour FROM time), strftime(day, '%Y-%m'), now() - INTERVAL 3 DAYS "
    "FROM events": {"events"},
    "SELECT try_cast(item AS INTEGER), value::DECIMAL(10, 2), '{\"a\":1}'::JSON ->> '$.a', NULL::INT[] FROM events": {
        "events"
    },
    "SELECT kind, grouping(kind) FROM events GROUP BY GROUPING SETS ((kind), ()) HAVING count(*) > 1": {"events"},
    "SELECT regexp_extract(title, '(.)$', 1), title LIKE '%\u8336%', title ILIKE 'x' FROM items": {"items"},
    "SELECT * FROM items TABLESAMPLE 10%": {"items"},
    "SELECT * FROM events PIVOT (count(*) FOR kind IN ('view', 'cart') GROUP BY day)": {"events"},
    "WITH \u5546\u54c1 AS (SELECT * FROM items) SELECT * FROM \u5546\u54c1 -- \u4e2d\u6587": {"items"},
    "SELECT coalesce(brand, ''), nullif(brand, 'x'), CASE brand WHEN 'a' THEN 1 ELSE 2 END, price IN (1, 2) "
    "FROM items WHERE price IS NOT NULL AND NOT price < 0": {"items"},
    "SELECT current_date, position('a' IN brand), substring(brand FROM 1 FOR 2), trim(brand), a[1:2] "
    "FROM items, (SELECT [1, 2] AS a)": {"items"},
    "VALUES (1, 'a'), (2, 'b')": set(),
}


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:60].encode("ascii", "replace").decode())
def test_a_hostile_statement_is_refused(sql: str) -> None:
    """Each with a sentence, a place, and by our own error alone."""
    with pytest.raises(UsageError) as raised:
        check(sql)
    assert raised.value.where


@pytest.mark.parametrize("sql", HONEST)
def test_an_honest_statement_passes_and_its_views_are_known(sql: str) -> None:
    """The dialect of analysts: joins, windows, sets, lists, dates, pivots."""
    assert check(sql) == HONEST[sql]


def test_every_function_on_the_list_exists_and_none_of_them_reads_anything() -> None:
    """A name that DuckDB does not know is a mistake; families that read files or settings stay off the list."""
    with duckdb.connect() as connection:
        names = connection.execute("SELECT DISTINCT lower(function_name) FROM duckdb_functions()").fetchall()
    known = {name for (name,) in names}
    grammar = {
        "->",
        "!~",
        "~*",
        "!~*",
        "!~~",
        "coalesce",
        "grouping",
        "percentile_cont",
        "percentile_disc",
        "ifnull",
        "try",
    }
    assert FUNCTIONS - known - grammar == set()
    assert known >= TABLE_FUNCTIONS
    for part in (
        "read_",
        "scan",
        "duckdb",
        "pg_",
        "query",
        "setting",
        "pragma",
        "secret",
        "variable",
        "serialize",
        "log_",
    ):
        assert [name for name in FUNCTIONS | TABLE_FUNCTIONS if part in name] == []


def test_what_is_found_without_a_schema_has_a_name_that_with_cannot_take() -> None:
    """A WITH out of its scope must mean nothing: DuckDB's own views are refused as names of it."""
    with duckdb.connect() as connection:
        views = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name IN ('main', 'pg_catalog')"
        ).fetchall()
    assert len(views) > 20
    for (view,) in views:
        with pytest.raises(UsageError):
            check(f'WITH "{view}" AS (SELECT 1) SELECT * FROM "{view}"')  # noqa: S608 - what is tested


def test_a_mistake_is_placed_by_line_and_column() -> None:
    """Characters are counted, not bytes; from one."""
    with pytest.raises(UsageError) as raised:
        check("SELECT '\u8336\u8336',\n  nope(1)\nFROM events")
    assert raised.value.where == "line 2, column 3"
    assert place("\u8336x", 3) == "line 1, column 2"
    assert place("x", 5) == place("x", -1) == ""


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS.split()) | st.text(max_size=5),
        max_size=25,
    )
)
def test_whatever_is_written_it_is_refused_or_reads_views_alone(words: list[str]) -> None:
    """Nothing but our own error comes out, and a statement that passes names no other table or function."""
    sql = " ".join(words)
    try:
        used = check(sql)
    except UsageError:
        return
    assert used <= VIEWS
    try:
        tables = PLAIN.get_table_names(sql)
    except duckdb.Error:
        return
    assert {name.lower() for name in tables} <= VIEWS | {"t", "a"}
