"""Questions about the whole shop, answered as rows or as a figure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import MediaType, Request, Response, get
from litestar.params import PathParameter, QueryParameter

from regulars.core.errors import UsageError
from regulars.web.desk import OpenShop
from regulars.web.files import as_file
from regulars.web.values import naming
from regulars.web.wording import words_of

OURS = frozenset({"as", "lang", "theme"})
INK = {"light": ("#1a1f26", "rgba(90,100,112,.18)"), "dark": ("#e6e9ed", "rgba(150,160,175,.2)")}
DARK_HEAT = [[0.0, "#1b232c"], [0.25, "#134566"], [0.5, "#1b6a9c"], [0.75, "#4a9bd0"], [1.0, "#a9d8f5"]]
"""Low is near the background, so that nothing shines where nobody came."""

As = Annotated[
    Literal["rows", "figure", "csv", "parquet"],
    QueryParameter(
        name="as", description="`rows`: the answer's table; `figure`: a Plotly figure of it; `csv`, `parquet`: a file."
    ),
]
Lang = Annotated[Literal["en", "zh"], QueryParameter(description="Language of the figure's words.")]
Theme = Annotated[Literal["light", "dark"], QueryParameter(description="Background the figure is made for.")]


@get("/insights", summary="List the questions", tags=["insights"], sync_to_thread=True)
def questions(shop: OpenShop) -> dict[str, Any]:
    """Return each question with its title, its description and its parameters."""
    return shop.questions()


@get("/insights/{name:str}", summary="Ask a question", tags=["insights"], sync_to_thread=True)
def insights(
    request: Request[Any, Any, Any],
    shop: OpenShop,
    name: Annotated[str, PathParameter(description="One of the names that /api/insights lists.")],
    as_: As = "rows",
    lang: Lang = "en",
    theme: Theme = "light",
) -> Response[Any]:
    """Return the answer; the question's own parameters, listed by /api/insights, are query parameters too."""
    table = shop.insights(name, **_own_params(request, shop, name))
    if as_ == "rows":
        return Response(table.to_json())
    if as_ in ("csv", "parquet"):
        return as_file(table.rows, as_, name)
    figure = table.plot(words_of(lang).say, naming(words_of(lang)))
    recolour(figure, theme)
    return Response(figure.to_json(), media_type=MediaType.JSON)


def recolour(figure: Any, theme: str) -> None:
    """Fit text, grid and heat to the background; the series keep their colours, told apart on both."""
    ink, grid = INK[theme]
    figure.update_layout(font_color=ink)
    figure.update_xaxes(gridcolor=grid)
    figure.update_yaxes(gridcolor=grid)
    if theme == "dark":
        figure.update_traces(colorscale=DARK_HEAT, selector={"type": "heatmap"})


def _own_params(request: Request[Any, Any, Any], shop: OpenShop, name: str) -> dict[str, str]:
    params = {key: value for key, value in request.query_params.items() if key not in OURS}
    question = shop.questions().get(name)
    unknown = sorted(params.keys() - question["params"].keys()) if question else []
    if question and unknown:
        raise UsageError(
            f"the question '{name}' has no parameter '{unknown[0]}'",
            where=unknown[0],
            fix=f"It has: {', '.join(question['params']) or 'none'}.",
        )
    return params if question else {}
