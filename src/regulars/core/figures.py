"""One Plotly template and one drawing function for every plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.core.table import Series, Table

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999"]
"""Okabe and Ito (2008): told apart with every common colour blindness."""

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


def draw(table: Table, translate: Callable[[str], str]) -> go.Figure:
    """Draw a table as its `Plot` says."""
    plot = table.plot_as
    figure = go.Figure()
    for series in plot.series:
        _ = figure.add_trace(_trace(table, series, translate))
    value_format = next((s.format for s in plot.series if s.format), None)
    figure.update_layout(
        template=TEMPLATE,
        title={"text": translate(plot.title), "font": {"size": 15}},
        barmode="relative" if plot.stacked else "group",
        xaxis_title=translate(plot.x_title) if plot.x_title else None,
        yaxis_title=translate(plot.y_title) if plot.y_title else None,
    )
    if any(s.kind == "heatmap" for s in plot.series):
        figure.update_layout(hovermode="closest")
        figure.update_yaxes(autorange="reversed", type="category")
    elif value_format:
        figure.update_yaxes(tickformat=value_format)
    return figure


def _trace(table: Table, series: Series, translate: Callable[[str], str]) -> go.Scatter | go.Bar | go.Heatmap:
    columns: dict[str, list[Any]] = {
        name: table.rows.column(name).to_pylist() for name in (series.x, series.y, series.z) if name
    }
    name = translate(series.name)
    if series.kind == "heatmap":
        return go.Heatmap(
            x=columns[series.x],
            y=[str(v) for v in columns[series.y]],
            z=columns[series.z],
            name=name,
            colorscale=HEAT,
            hoverongaps=False,
            colorbar={"tickformat": series.format or None},
            hovertemplate=f"%{{y}} · %{{x}}: %{{z:{series.format}}}<extra></extra>",
        )
    if series.kind == "bar":
        return go.Bar(x=columns[series.x], y=columns[series.y], name=name)
    return go.Scatter(x=columns[series.x], y=columns[series.y], name=name, mode="lines")
