"""Where events, items and customers are kept: Parquet files, a manifest, snapshots."""

from __future__ import annotations

from regulars.store.append import AppendResult
from regulars.store.rejects import RejectsWriter
from regulars.store.store import Store

__all__ = ["AppendResult", "RejectsWriter", "Store"]
