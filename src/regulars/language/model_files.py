"""Models that ship with the package: weights in safetensors, a card in JSON. Nothing in them can run."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from regulars.core.errors import DamagedError
from regulars.core.files import write_bytes
from regulars.language.linear import LinearModel

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SHIPPED = files("regulars.language") / "models"


def write_linear(folder: Path, name: str, model: LinearModel, card: dict[str, Any]) -> None:
    """Write `NAME.safetensors` and `NAME.json`; weights and ratios in half precision."""
    arrays = {
        "hashes": model.hashes,
        "weights": model.weights.astype(np.float16),
        "ratios": np.abs(model.ratios).astype(np.float16),
    }
    facts = {"order": model.order, "gap": model.gap, "bias": model.bias, "features": len(model.hashes)}
    write_bytes(folder / f"{name}.safetensors", save(arrays))
    write_bytes(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(facts | card)) + b"\n")


def read_linear(name: str, folder: Path | Traversable = SHIPPED) -> tuple[LinearModel, dict[str, Any]]:
    """Return a model and its card.

    Raises
    ------
    DamagedError
        A file is missing or is not what was written.
    """
    try:
        card: dict[str, Any] = msgspec.json.decode((folder / f"{name}.json").read_bytes())
        arrays = load((folder / f"{name}.safetensors").read_bytes())
        model = LinearModel(
            order=card["order"],
            gap=card["gap"],
            hashes=arrays["hashes"],
            weights=arrays["weights"].astype(np.float32),
            ratios=arrays["ratios"].astype(np.float32),
            bias=card["bias"],
        )
    except (OSError, KeyError, msgspec.DecodeError, SafetensorError) as error:
        raise DamagedError(f"the model cannot be read: {error}", where=name, fix="Install the package again.") from None
    return model, card
