"""Taking a person out of the learned models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from regulars.core.rights import Removal
from regulars.interests.interaction_files import load_interactions, save_interactions

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def erase_from_models(models: Path, subjects: Collection[str]) -> list[Removal]:
    """Remove these people's rows from every learned version.

    What is left of them are their shares of sums over everyone (how often an item was bought, and what with), which
    hold no row of any person; learning again forgets those too.
    """
    people = events = 0
    for known in sorted(models.glob("*/*/known")):
        interactions = load_interactions(known)
        gone = [number for name in subjects if (number := interactions.user_index.get(name)) is not None]
        if not gone:
            continue
        theirs = np.isin(interactions.histories.owners, gone)
        people += len(gone)
        events += int(theirs.sum())
        # The places stay, nameless and empty: numbers mean the same to whoever reads between the two files.
        users = ["" if number in gone else name for number, name in enumerate(interactions.users)]
        save_interactions(known, replace(interactions.keep(~theirs), users=users))
    return [
        Removal(where="models", what="customers in learned versions", count=people),
        Removal(where="models", what="events in learned versions", count=events),
    ]
