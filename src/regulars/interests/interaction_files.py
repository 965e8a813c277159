"""Interactions on disk, beside the model that learned from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.interests.interactions import Histories, Interactions
from regulars.interests.model_files import read_model, write_model

if TYPE_CHECKING:
    from pathlib import Path


def save_interactions(directory: Path, interactions: Interactions) -> None:
    """Write names as JSON and arrays as safetensors."""
    h = interactions.histories
    arrays = {"indptr": h.indptr, "items": h.items, "times": h.times, "weights": h.weights}
    write_model(directory, {"users": interactions.users, "items": interactions.items}, arrays)


def load_interactions(directory: Path) -> Interactions:
    """Read what `save_interactions` wrote."""
    facts, arrays = read_model(directory)
    histories = Histories(arrays["indptr"], arrays["items"], arrays["times"], arrays["weights"])
    return Interactions(facts["users"], facts["items"], histories)
