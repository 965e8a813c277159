"""What happened: the vocabulary, the readers of files, and the checks every row passes."""

from __future__ import annotations

from regulars.events.batch import Batch
from regulars.events.complete_journey import find_complete_journey, read_complete_journey
from regulars.events.formats import guess_format
from regulars.events.mapping import Mapping, load_mapping
from regulars.events.read import joined_files, read_files
from regulars.events.vocabulary import KINDS, interest_weight, resolve_kind

__all__ = [
    "KINDS",
    "Batch",
    "Mapping",
    "find_complete_journey",
    "guess_format",
    "interest_weight",
    "joined_files",
    "load_mapping",
    "read_complete_journey",
    "read_files",
    "resolve_kind",
]
