"""Interactions on disk, beside the model that learned from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.interests.interactions import Catalogue, Histories, Interactions
from regulars.interests.model_files import read_model, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def save_interactions(directory: Path, interactions: Interactions) -> None:
    """Write names as JSON and arrays as safetensors."""
    h = interactions.histories
    arrays: dict[str, NDArray[Any]] = {"indptr": h.indptr, "items": h.items, "times": h.times, "weights": h.weights}
    if h.kinds is not None:
        arrays["kinds"] = h.kinds
    if h.places is not None:
        arrays["places"] = h.places
    catalogue = interactions.catalogue
    facts = {
        "users": interactions.users,
        "items": interactions.items,
        "kinds": interactions.kinds,
        "places": interactions.places,
        "catalogue": None if catalogue is None else {"texts": catalogue.texts, "categories": catalogue.categories},
    }
    write_model(directory, facts, arrays)


def load_interactions(directory: Path) -> Interactions:
    """Read what `save_interactions` wrote."""
    facts, arrays = read_model(directory)
    histories = Histories(
        arrays["indptr"], arrays["items"], arrays["times"], arrays["weights"], arrays.get("kinds"), arrays.get("places")
    )
    said = facts.get("catalogue")
    return Interactions(
        facts["users"], facts["items"], histories, tuple(facts.get("kinds", ())), tuple(facts.get("places", ())),
        Catalogue(said["texts"], said["categories"]) if said else None,
    )  # fmt: skip
