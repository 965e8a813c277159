"""The durable log: what was acknowledged, before it is in the tables."""

from __future__ import annotations

from regulars.store.log.frames import Arrival
from regulars.store.log.segments import Segment, SegmentSet, segment_sets
from regulars.store.log.writer import LogWriter

__all__ = ["Arrival", "LogWriter", "Segment", "SegmentSet", "segment_sets"]
