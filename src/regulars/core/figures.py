"""One Plotly template and one drawing function for every plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from regulars.core.table import Plot, Series, Table

    Columns = dict[str, list[Any]]
    Translate = Callable[[str], str]

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999"]
"""Okabe and Ito (2008): told apart with every common colour blindness."""
DASHES = ("solid", "dash", "dot")
"""Lines beyond the palette repeat its colours with another dash."""

FONT = "system-ui, 'Segoe UI', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
HEAT = [[0.0, "#f0f4f8"], [0.25, "#b8d6ea"], [0.5, "#6fb0d8"], [0.75, "#2f86bd"], [1.0, "#0b4f7d"]]
TEMPLATE = go.layout.Template(
    layout=go.Layout(
        font={"family": FONT, "size": 13},
        colorway=PALETTE,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 56, "r": 16, "t": 40, "b": 44},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.08, "x": 0},
        xaxis={"gridcolor": "rgba(128,128,128,.15)", "zeroline": False},
        yaxis={"gridcolor": "rgba(128,128,128,.2)", "zerolinecolor": "rgba(128,128,128,.5)"},
    )
)
UNKNOWN = "unknown"
LONGEST_NAME = 44
NAMED_AXES = frozenset({"heatmap", "hbar", "funnel"})
"""Kinds whose y axis has names on it, the first on top."""


def draw(table: Table, translate: Translate, name: Translate) -> go.Figure:
    """Draw a table as its `Plot` says; `name` writes values, which only in part are words of ours."""
    plot = table.plot_as
    figure = go.Figure()
    drawn = 0
    for series in plot.series:
        for trace in _traces(table, series, translate, name, drawn):
            figure.add_traces([trace])
            # The band round a line is not counted: it has the colour of its line.
            drawn += trace.hoverinfo != "skip"
    figure.update_layout(
        template=TEMPLATE,
        title={"text": translate(plot.title), "font": {"size": 15}},
        barmode="relative" if plot.stacked else "group",
        xaxis_title=translate(plot.x_title) if plot.x_title else None,
        yaxis_title=translate(plot.y_title) if plot.y_title else None,
    )
    _set_axes(figure, plot)
    return figure


def _set_axes(figure: go.Figure, plot: Plot) -> None:
    kinds = {series.kind for series in plot.series}
    value_format = next((s.format for s in plot.series if s.format), None)
    if kinds & NAMED_AXES:
        figure.update_layout(hovermode="closest")
        figure.update_yaxes(autorange="reversed", type="category", automargin=True)
        if "hbar" in kinds:
            traces: Any = figure.data
            names = list(dict.fromkeys(name for trace in traces for name in trace.y))
            figure.update_yaxes(tickmode="array", tickvals=names, ticktext=[_short(str(name)) for name in names])
            figure.update_xaxes(tickformat=value_format or None)
    elif value_format:
        figure.update_yaxes(tickformat=value_format)
    if kinds & {"scatter", "sankey"}:
        figure.update_layout(hovermode="closest")


def _traces(table: Table, series: Series, translate: Translate, name: Translate, drawn: int) -> Iterator[Any]:
    names = (series.x, series.y, series.z, series.split, series.low, series.high)
    columns: Columns = {name: table.rows.column(name).to_pylist() for name in names if name}
    if not series.split:
        yield from _marks(columns, series, translate(series.name), name, drawn)
        return
    for at, (value, part) in enumerate(_parts(columns, series.split)):
        title = _named(value, name)
        # Two series over the same groups, such as a mean beside its values, are told apart by their own names.
        if any(other is not series and other.split == series.split for other in table.plot_as.series):
            title = f"{title} · {translate(series.name)}"
        yield from _marks(part, series, title, name, drawn + at)


def _short(name: str) -> str:
    """Return a name that leaves room for its bar: what stands in the middle of a long one goes."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 15]}…{name[-14:]}"


def _named(value: Any, name: Translate) -> str:
    return name(UNKNOWN if value in ("", None) else str(value))


def _parts(columns: Columns, split: str) -> Iterator[tuple[Any, Columns]]:
    """Yield each value of the splitting column, in order of appearance, with its rows."""
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(columns[split]):
        places.setdefault(value, []).append(place)
    for value, rows in places.items():
        yield value, {name: [column[row] for row in rows] for name, column in columns.items()}


def _marks(columns: Columns, series: Series, title: str, name: Translate, at: int) -> Iterator[Any]:
    x, y = columns[series.x], columns[series.y]
    colour = PALETTE[at % len(PALETTE)]
    match series.kind:
        case "heatmap":
            yield _heat(columns, series, title, name)
        case "sankey":
            yield _sankey(columns, series, name)
        case "funnel":
            text = [_named(step, name) for step in x]
            yield go.Funnel(y=text, x=y, name=title, textinfo="value+percent initial", marker={"color": colour})
        case "hbar":
            names = [_named(value, name) for value in x]
            yield go.Bar(
                y=names, x=y, name=title, orientation="h", marker={"color": colour}, error_x=_errors(columns, series)
            )
        case "bar":
            yield go.Bar(
                x=[name(v) if isinstance(v, str) else v for v in x],
                y=y,
                name=title,
                marker={"color": colour},
                error_y=_errors(columns, series),
            )
        case "scatter":
            yield go.Scatter(
                x=x, y=y, name=title, mode="markers", marker={"color": colour, "size": 8, "opacity": 0.75},
                error_y=_errors(columns, series),
            )  # fmt: skip
        case "line":
            if series.low:
                yield _band(x, columns[series.low], columns[series.high], colour, title, step=series.step)
            dash = DASHES[at // len(PALETTE) % len(DASHES)]
            line = {"color": colour, "dash": dash, "shape": "hv" if series.step else "linear"}
            yield go.Scatter(x=x, y=y, name=title, mode="lines", line=line, legendgroup=title)


def _band(x: list[Any], low: list[Any], high: list[Any], colour: str, name: str, *, step: bool) -> go.Scatter:
    """Return the area between the ends of the intervals; where there is none it is left out."""
    known = [(a, lo, hi) for a, lo, hi in zip(x, low, high, strict=True) if lo is not None and hi is not None]
    if step:
        # A level line keeps its interval until the next point.
        doubled: list[tuple[Any, Any, Any]] = []
        for at, (a, lo, hi) in enumerate(known):
            doubled.append((a, lo, hi))
            if at + 1 < len(known):
                doubled.append((known[at + 1][0], lo, hi))
        known = doubled
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return go.Scatter(
        x=[a for a, _, _ in known] + [a for a, _, _ in reversed(known)],
        y=[lo for _, lo, _ in known] + [hi for _, _, hi in reversed(known)],
        fill="toself", fillcolor=f"rgba({red},{green},{blue},.15)", line={"width": 0}, mode="lines",
        hoverinfo="skip", showlegend=False, legendgroup=name, name=name,
    )  # fmt: skip


def _errors(columns: Columns, series: Series) -> dict[str, Any] | None:
    if not series.low:
        return None
    ends = zip(columns[series.y], columns[series.low], columns[series.high], strict=True)
    plus, minus = [], []
    for value, low, high in ends:
        known = None not in (value, low, high)
        plus.append(high - value if known else None)
        minus.append(value - low if known else None)
    return {"type": "data", "symmetric": False, "array": plus, "arrayminus": minus, "thickness": 1, "width": 3}


def _heat(columns: Columns, series: Series, title: str, name: Translate) -> go.Heatmap:
    return go.Heatmap(
        x=[name(v) if isinstance(v, str) else v for v in columns[series.x]],
        y=[name(str(v)) for v in columns[series.y]],
        z=columns[series.z],
        name=title,
        colorscale=HEAT,
        hoverongaps=False,
        colorbar={"tickformat": series.format or None},
        hovertemplate=f"%{{y}} · %{{x}}: %{{z:{series.format}}}<extra></extra>",
    )


def _sankey(columns: Columns, series: Series, name: Translate) -> go.Sankey:
    sources, targets = columns[series.x], columns[series.y]
    nodes = list(dict.fromkeys([*sources, *targets]))
    place = {node: at for at, node in enumerate(nodes)}
    # What stands before a colon tells the steps of a path apart and is not for reading.
    labels = [name(str(node).partition(":")[2] or str(node)) for node in nodes]
    return go.Sankey(
        node={"label": labels, "color": [PALETTE[at % len(PALETTE)] for at in range(len(nodes))], "pad": 12},
        link={
            "source": [place[node] for node in sources],
            "target": [place[node] for node in targets],
            "value": columns[series.z],
            "color": "rgba(128,140,155,.3)",
        },
    )
