"""What else would you like to know? A SELECT over what may be counted, its rows as a table or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.datastructures import State

from regulars.core.errors import BusyError, RegularsError
from regulars.core.export import to_rows
from regulars.shop.analyst import MOST_ROWS
from regulars.web.api.sql import asked
from regulars.web.desk import OpenShop
from regulars.web.files import MEDIA, as_file
from regulars.web.forms import FORM, Form
from regulars.web.pages import Pages

if TYPE_CHECKING:
    from regulars.shop import Shop
    from regulars.shop.analyst import Answer

HOME = "/dashboard/sql"
SHOWN = 200
"""Rows on the page; the files have more."""
EXAMPLE = """SELECT kind, count(*) AS events, count(DISTINCT subject) AS customers
FROM events
GROUP BY kind
ORDER BY events DESC"""


@get(HOME, sync_to_thread=True)
def sql_page(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """Show the views and an example."""
    return _show(request, state, shop, EXAMPLE)


@post(HOME, dependencies={"form": FORM}, status_code=200, sync_to_thread=True)
def run_statement(request: Request[Any, Any, Any], state: State, shop: OpenShop, form: Form) -> Response[Any]:
    """Answer the statement of the form. It is sent, not linked to: an address would be kept where it names people."""
    sql, kind = form.get("sql", ""), form.get("as", "")
    try:
        answer = asked(request, state, shop, sql, MOST_ROWS if kind in MEDIA else SHOWN)
    except RegularsError as error:
        return _show(request, state, shop, sql, error=error)
    if kind in MEDIA:
        return as_file(answer.rows, kind, "answer", truncated=answer.truncated)
    return _show(request, state, shop, sql, answer=answer)


def _show(
    request: Request[Any, Any, Any],
    state: State,
    shop: Shop,
    sql: str,
    *,
    answer: Answer | None = None,
    error: RegularsError | None = None,
) -> Response[str]:
    pages: Pages = state.pages
    status_code = 200 if error is None else 503 if isinstance(error, BusyError) else 400
    return pages.render(
        request,
        "sql.html",
        status_code=status_code,
        at=HOME,
        nav="insights",
        sql=sql,
        answer=answer,
        rows=[] if answer is None else to_rows(answer.rows),
        error=error,
        views=shop.analyst.views(),
        most=MOST_ROWS,
    )


SQL_PAGES: list[Any] = [sql_page, run_statement]
