"""Read-only SQL for analysts, as rows or as a file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import RawBody
from msgspec import Meta

from regulars.core.errors import RegularsError, UsageError
from regulars.core.export import to_rows
from regulars.shop.analyst import MOST_ROWS, ROWS
from regulars.web.api.bodies import TAKES, Body, read
from regulars.web.desk import VISITOR, OpenShop
from regulars.web.files import as_file

if TYPE_CHECKING:
    from regulars.shop import Shop
    from regulars.shop.analyst import Answer
    from regulars.web.tenants import Visitor

TAGS = ["sql"]
MOST_JSON_ROWS = 100_000
"""As JSON; a file has more."""


class Statement(Body, frozen=True, kw_only=True):
    """What to ask."""

    sql: Annotated[str, Meta(min_length=1, max_length=20_000, description="One SELECT over the views that GET lists.")]
    limit: (
        Annotated[
            int,
            Meta(ge=1, le=MOST_ROWS, description="Most rows, of JSON 100,000; by default 10,000, of a file 1,000,000."),
        ]
        | None
    ) = None
    as_: Annotated[Literal["rows", "csv", "parquet"], Meta(description="`rows`: JSON; else a file.")] = msgspec.field(
        default="rows", name="as"
    )


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    truncated: bool
    seconds: float
    snapshot: str


@get("/sql", summary="List the views for SQL", tags=TAGS, sync_to_thread=True)
def sql_views(shop: OpenShop) -> dict[str, Any]:
    """Return each view with its columns, their types and what they mean."""
    return {
        name: {"meaning": view.meaning, "columns": [column._asdict() for column in view.columns]}
        for name, view in shop.analyst.views().items()
    }


@post("/sql", summary="Ask in SQL", tags=TAGS, status_code=200, sync_to_thread=True, opt={TAKES: Statement})
def ask_sql(request: Request[Any, Any, Any], state: State, shop: OpenShop, body: RawBody) -> Response[Any]:
    """Answer one SELECT, of the people who allow analytics; nothing can be changed."""
    wish = read(body, Statement)
    limit = wish.limit or (ROWS if wish.as_ == "rows" else MOST_ROWS)
    if wish.as_ == "rows" and limit > MOST_JSON_ROWS:
        raise UsageError(f"JSON has at most {MOST_JSON_ROWS:,} rows", where="limit", fix="Ask as csv or parquet.")
    snapshot = shop.store.snapshot
    answer = asked(request, state, shop, wish.sql, limit)
    if wish.as_ != "rows":
        return as_file(answer.rows, wish.as_, "answer", truncated=answer.truncated)
    rows = Rows(
        columns=answer.names,
        types=answer.types,
        rows=to_rows(answer.rows),
        truncated=answer.truncated,
        seconds=round(answer.seconds, 3),
        snapshot=snapshot,
    )
    return Response(rows)


def asked(request: Request[Any, Any, Any], state: State, shop: Shop, sql: str, limit: int) -> Answer:
    """Return the answer; the log says who asked, and of the statement a keyed hash: its texts may name people."""
    visitor: Visitor | None = request.scope.get(VISITOR)
    key = visitor.key.id if visitor is not None and visitor.key is not None else ""
    started, outcome, rows = time.perf_counter(), "failed", 0
    try:
        answer = shop.analyst.query(sql, limit=limit)
        outcome, rows = "answered", answer.rows.num_rows
    except RegularsError as error:
        outcome = type(error).__name__
        raise
    finally:
        seconds = round(time.perf_counter() - started, 3)
        statement = shop.analyst.fingerprint(sql)
        state.log.info("sql", key=key, statement=statement, outcome=outcome, rows=rows, seconds=seconds)
    return answer


SQL: list[Any] = [sql_views, ask_sql]
