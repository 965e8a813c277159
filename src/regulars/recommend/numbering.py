"""Events that came after learning, with items numbered as the models number them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from regulars.events.vocabulary import interest_weight
from regulars.interests import from_events

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.interests import Interactions


def numbered_like(known: Interactions, events: pa.Table) -> Interactions:
    """Build interactions from event rows (columns subject, item, time, kind).

    Items and kinds that `known` has keep its numbers, others follow them; users are numbered by themselves.

    Raises
    ------
    InputError
        No row has an item.
    """
    fresh = from_events(events, interest_weight)
    items, kinds = _follow(known.items, fresh.items), _follow(known.kinds, fresh.kinds)
    histories = fresh.histories
    to_item = np.array([items[name] for name in fresh.items], np.int32)
    to_kind = np.array([kinds[name] for name in fresh.kinds], np.int8)
    histories = replace(
        histories,
        items=to_item[histories.items],
        kinds=None if histories.kinds is None else to_kind[histories.kinds],
        places=None,
    )
    return replace(
        fresh, items=list(items), histories=histories, kinds=tuple(kinds), places=known.places, catalogue=None
    )


def _follow(known: tuple[str, ...] | list[str], fresh: tuple[str, ...] | list[str]) -> dict[str, int]:
    numbers = {name: at for at, name in enumerate(known)}
    for name in fresh:
        _ = numbers.setdefault(name, len(numbers))
    return numbers
