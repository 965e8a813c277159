"""The answer to a question: rows, and how to draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from regulars.core.columns import COLUMNS, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go
    import pyarrow as pa


def _same(text: str) -> str:
    return text


Kind = Literal["line", "bar", "hbar", "heatmap", "scatter", "funnel", "sankey"]


@dataclass(frozen=True)
class Series:
    """One kind of mark of a plot, drawn from columns of the table."""

    x: str
    y: str
    name: str
    kind: Kind = "line"
    """`hbar` has its names on the y axis; `funnel` its steps in x and their customers in y; `sankey` its sources
    in x, its targets in y; a heat map and a sankey have their values in z."""
    z: str = ""
    format: str = ""
    """A d3 number format for the value, such as `.1%`."""
    split: str = ""
    """Draw one line or set of bars for each value of this column, in the order they first come."""
    low: str = ""
    high: str = ""
    """Columns of an interval round y: a band round a line, error bars elsewhere."""
    step: bool = False
    """Draw a line that stays level until the next point."""


@dataclass(frozen=True)
class Plot:
    """How a table is drawn: the words are English and go through a translator."""

    title: str
    series: Sequence[Series]
    x_title: str = ""
    y_title: str = ""
    stacked: bool = False


@dataclass(frozen=True)
class Table:
    """Rows that answer one question, with their plot.

    Parameters
    ----------
    name
        The question's name.
    rows
        The answer, computed.
    plot_as
        How to draw it.
    params
        The question's parameters, as they were understood.
    snapshot
        The state of the shop the answer belongs to.
    headline
        The few numbers a person reads first: name → value.
    columns
        Titles and formats of the columns that `regulars.core.columns.COLUMNS` does not know.
    """

    name: str
    rows: pa.Table
    plot_as: Plot
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    snapshot: str = ""
    headline: dict[str, Any] = field(default_factory=dict[str, Any])
    columns: Mapping[str, Column] = field(default_factory=dict[str, Column])

    def column(self, name: str) -> Column:
        """Return what a column of the rows is called and how it is written."""
        return self.columns.get(name) or COLUMNS.get(name) or Column(name)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame."""
        return self.rows.to_pandas()

    def to_json(self) -> dict[str, Any]:
        """Return name, parameters, headline numbers, columns and rows, ready for JSON."""
        return self._as_json

    @cached_property
    def _as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "params": self.params,
            "snapshot": self.snapshot,
            "headline": self.headline,
            "columns": self.rows.column_names,
            "rows": self.rows.to_pylist(),
        }

    def plot(self, translate: Callable[[str], str] = _same, name: Callable[[str], str] = _same) -> go.Figure:
        """Return the Plotly figure: the same in a notebook and on the dashboard.

        `translate` puts titles into another language, `name` those values that are words of ours.
        """
        from regulars.core.figures import draw

        return draw(self, translate, name)
