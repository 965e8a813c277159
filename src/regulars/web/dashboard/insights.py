"""Every question there is, each on a page of its own: ask, look, read, take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from regulars.core.errors import NotFoundError, UsageError
from regulars.web.dashboard.cards import told
from regulars.web.dashboard.grid import cohort_grid, grid
from regulars.web.dashboard.question_form import fields
from regulars.web.dashboard.readings import headline_tiles
from regulars.web.desk import OpenShop
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.wording import words_of

if TYPE_CHECKING:
    from regulars.core.table import Table
    from regulars.web.wording import Words

SHOWN_ROWS = 500
SHOWN_TILES = 6
NOT_PARAMS = frozenset({"lang", "theme", "asked"})
Question = Annotated[str, QueryParameter(max_length=500)]


@get("/dashboard/insights", sync_to_thread=True)
def insights_page(request: Request[Any, Any, Any], state: State, shop: OpenShop, q: Question = "") -> Response[Any]:
    """List the questions; a question in plain words leads to the one that it means."""
    pages: Pages = state.pages
    words = words_of(preferences(request).language)
    said = None
    if q.strip():
        said = shop.understand(q)
        if said.name:
            query = urlencode({**said.params, "asked": q.strip()})
            return Redirect(f"/dashboard/insights/{said.name}?{query}", status_code=303)
    questions = shop.questions()
    groups = [
        (words.say(title), [(name, one) for name, one in questions.items() if one["group"] == group])
        for group, title in shop.question_groups().items()
    ]
    return pages.render(
        request,
        "insights.html",
        nav="insights",
        groups=[(title, found) for title, found in groups if found],
        asked=q.strip(),
        said=said,
        empty=not shop.status().events,
    )


@get("/dashboard/insights/{name:str}", sync_to_thread=True)
def question_page(request: Request[Any, Any, Any], state: State, shop: OpenShop, name: FromPath[str]) -> Response[str]:
    """Answer one question: numbers, plot and rows, with its parameters to change."""
    pages: Pages = state.pages
    words = words_of(preferences(request).language)
    about = shop.questions().get(name)
    if about is None:
        raise NotFoundError(f"there is no question '{name[:80]}'", fix="The page Insights lists them.")
    given = {key: value for key, value in request.query_params.items() if key not in NOT_PARAMS and value}
    trouble, table = ("", ""), None
    try:
        table = shop.insights(name, **given)
    except UsageError as error:
        trouble = (error.where, f"{error.message} {error.fix}".strip())
    currency = pages.settings(request).shop.currency
    return pages.render(
        request,
        "question.html",
        status_code=400 if table is None else 200,
        nav="insights",
        name=name,
        about=about,
        asked=request.query_params.get("asked", ""),
        fields=fields(about, given, words, trouble),
        trouble=trouble,
        given=urlencode(given),
        changed=sum(1 for key in given if key in about["params"]),
        table=table,
        **(_answer(table, words, currency) if table is not None else {}),
        dimensions=shop.dimensions(),
        kinds=shop.kinds(),
    )


def _answer(table: Table, words: Words, currency: str) -> dict[str, Any]:
    is_cohorts = table.rows.column_names[:2] == ["cohort", "period"]
    rows = cohort_grid(table, words, currency) if is_cohorts else grid(table, words, currency, SHOWN_ROWS)
    return {
        "answer": told(table, words, currency),
        "tiles": headline_tiles(table, words, currency)[:SHOWN_TILES],
        "rows": rows,
        "cohorts": is_cohorts,
        "total": table.rows.num_rows,
        "plot_height": _height(table),
    }


def _height(table: Table) -> int:
    """Return the plot's height in pixels: one of names grows with their number."""
    if any(series.kind in ("hbar", "heatmap") for series in table.plot_as.series):
        first = table.plot_as.series[0]
        names = table.rows.column(first.x if first.kind == "hbar" else first.y).unique()
        return min(1_400, max(320, 96 + 24 * len(names)))
    return 380
