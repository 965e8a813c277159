"""Tables as files to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Response

from regulars.core.export import to_csv, to_parquet

if TYPE_CHECKING:
    import pyarrow as pa

MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def as_file(rows: pa.Table, kind: str, name: str, *, truncated: bool = False) -> Response[bytes]:
    """Return a table as a `csv` or `parquet` file called `name`; the head says whether rows were left out."""
    data = to_csv(rows) if kind == "csv" else to_parquet(rows)
    headers = {
        "content-disposition": f'attachment; filename="{name}.{kind}"',
        "cache-control": "no-store",
        "x-truncated": str(truncated).lower(),
    }
    return Response(data, media_type=MEDIA[kind], headers=headers)
