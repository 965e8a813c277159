"""The answer to a question: rows, and how to draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    import plotly.graph_objects as go
    import pyarrow as pa


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Series:
    """One line, bar or heat map of a plot."""

    x: str
    y: str
    name: str
    kind: str = "line"
    """`line`, `bar` or `heatmap` (then `z` holds the value column)."""
    z: str = ""
    format: str = ""
    """A d3 number format for the value, such as `.1%`."""


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
    """

    name: str
    rows: pa.Table
    plot_as: Plot
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    snapshot: str = ""
    headline: dict[str, Any] = field(default_factory=dict[str, Any])

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

    def plot(self, translate: Callable[[str], str] = _same) -> go.Figure:
        """Return the Plotly figure: the same in a notebook and on the dashboard."""
        from regulars.core.figures import draw

        return draw(self, translate)
