"""SQL over HTTP and on its page: rows, files, kind errors, and a log that repeats no text of a statement."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from litestar.testing import TestClient

COUNTS = "SELECT item, count(*) AS n FROM events GROUP BY item ORDER BY item"


def test_rows_come_as_json(home: TestClient) -> None:
    """Columns, types, rows in their order; the views are listed with what they mean."""
    answer = home.post("/api/sql", json={"sql": COUNTS})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["columns"], found["types"]) == (["item", "n"], ["VARCHAR", "BIGINT"])
    assert (found["rows"], found["truncated"]) == ([["milk", 2], ["tea", 3]], False)
    assert found["snapshot"] == home.get("/api/status").json()["snapshot"]
    cut = home.post("/api/sql", json={"sql": COUNTS, "limit": 1}).json()
    assert (len(cut["rows"]), cut["truncated"]) == (1, True)
    views = home.get("/api/sql").json()
    assert list(views) == ["events", "items", "customers", "customer_summaries"]
    assert {"name", "type", "meaning"} == views["events"]["columns"][0].keys()


def test_rows_come_as_files(home: TestClient) -> None:
    """CSV that a spreadsheet reads, Parquet; both say whether something is missing."""
    csv = home.post("/api/sql", json={"sql": "SELECT '=1' AS a, '茶' AS b", "as": "csv"})
    assert csv.content == '\ufeff"a","b"\n"\'=1","茶"\n'.encode()
    assert csv.headers["content-disposition"] == 'attachment; filename="answer.csv"'
    assert csv.headers["x-truncated"] == "false"
    parquet = home.post("/api/sql", json={"sql": COUNTS, "as": "parquet", "limit": 1})
    assert pq.read_table(io.BytesIO(parquet.content)).to_pylist() == [{"item": "milk", "n": 2}]
    assert parquet.headers["x-truncated"] == "true"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"sql": "SELECT * FROM read_text('/etc/passwd')"}, "line 1, column 15"),
        ({"sql": "SELECT 1; DROP VIEW events"}, "sql"),
        ({"sql": "SELECT nope FROM events"}, "line 1, column 8"),
        ({"sql": ""}, "sql"),
        ({"sql": "SELECT 1", "limit": 0}, "limit"),
        ({"sql": "SELECT 1", "limit": 500_000}, "limit"),
        ({"sql": "SELECT 1", "as": "html"}, "as"),
        ({"sql": 1}, "sql"),
        ({"query": "SELECT 1"}, "body"),
        ([], "body"),
    ],
)
def test_a_statement_that_cannot_run_is_a_problem_with_its_place(home: TestClient, body: Any, where: str) -> None:
    """400, and nothing of the machine."""
    answer = home.post("/api/sql", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == where
    assert "tables/" not in answer.text


def test_sql_takes_a_secret_key(away: TestClient, keys: dict[tuple[int, str], str]) -> None:
    """Nobody else, and each its own shop."""
    assert away.post("/api/sql", json={"sql": COUNTS}).status_code == 401
    for role, status in (("write", 403), ("public", 403), ("secret", 200)):
        headers = {"authorization": f"Bearer {keys[0, role]}"}
        assert away.post("/api/sql", json={"sql": "SELECT 1"}, headers=headers).status_code == status
    assert away.get("/dashboard/sql", follow_redirects=False).status_code == 303
    foreign = {"sec-fetch-site": "cross-site", "authorization": f"Bearer {keys[0, 'secret']}"}
    assert away.post("/dashboard/sql", data={"sql": "SELECT 1"}, headers=foreign).status_code == 403


def test_the_log_says_who_asked_and_repeats_nothing(
    away: TestClient, keys: dict[tuple[int, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key's id, a keyed hash, how it went: no text of the statement."""
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(away.app.state, "log", SimpleNamespace(info=lambda event, **facts: logged.append(facts)))
    headers = {"authorization": f"Bearer {keys[0, 'secret']}"}
    for sql in ("SELECT 'z.san@example.com'", "SELECT nope_13812345678 FROM events"):
        away.post("/api/sql", json={"sql": sql}, headers=headers)
    assert [(one["outcome"], one["rows"]) for one in logged] == [("answered", 1), ("UsageError", 0)]
    assert {one["key"] for one in logged} == {keys[0, "secret"][4:14]}
    assert not any(word in str(logged) for word in ("z.san", "1381234", "SELECT"))


def test_the_page_answers_without_a_script(home: TestClient) -> None:
    """The views, an example; the form sent back with its rows, or as a file."""
    page = home.get("/dashboard/sql?lang=en").text
    for words in ("customer_summaries", "typical_gap", "pseudonym", "SELECT kind", 'method="post"'):
        assert words in page
    answer = home.post("/dashboard/sql?lang=en", data={"sql": COUNTS})
    assert answer.status_code == 200
    assert '<td class="left">tea</td><td>3</td>' in answer.text
    assert "2 rows" in answer.text
    file = home.post("/dashboard/sql", data={"sql": COUNTS, "as": "csv"})
    assert file.content == '\ufeff"item","n"\n"milk",2\n"tea",3\n'.encode()
    chinese = home.post("/dashboard/sql?lang=zh", data={"sql": "SELECT 1 WHERE false"}).text
    assert "没有符合的行" in chinese


def test_the_page_says_kindly_what_is_wrong_and_keeps_what_was_written(home: TestClient) -> None:
    """With the place; what was written is shown as text, not as markup."""
    sql = "SELECT '<script>x</script>',\n  nope FROM events"
    answer = home.post("/dashboard/sql?lang=en", data={"sql": sql})
    assert answer.status_code == 400
    assert "line 2, column 3" in answer.text
    assert "&lt;script&gt;x&lt;/script&gt;" in answer.text
    assert "<script>x" not in answer.text
    assert home.post("/dashboard/sql", data={}).status_code == 400
    shown = home.post("/dashboard/sql?lang=en", data={"sql": "SELECT '<b>x</b>' AS \"<i>\", NULL AS n"}).text
    assert "<b>x" not in shown
    assert "<i>" not in shown.split("<thead>")[1].split("</table>")[0]


def test_the_answer_to_a_question_comes_as_a_file(home: TestClient) -> None:
    """The rows that JSON has, as CSV and Parquet."""
    name = "retention"
    rows = home.get(f"/api/insights/{name}").json()
    csv = home.get(f"/api/insights/{name}?as=csv")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert csv.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert csv.content.decode("utf-8-sig").splitlines()[0] == ",".join(f'"{column}"' for column in rows["columns"])
    parquet = pq.read_table(io.BytesIO(home.get(f"/api/insights/{name}?as=parquet").content))
    assert (parquet.column_names, parquet.num_rows) == (rows["columns"], len(rows["rows"]))
