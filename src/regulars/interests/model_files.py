"""A model on disk: arrays in safetensors, the rest in JSON. Nothing in it can run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from regulars.core.errors import DamagedError
from regulars.core.files import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

ARRAYS = "model.safetensors"
FACTS = "model.json"


def write_model(directory: Path, facts: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Durably write a model's facts and arrays into `directory`, made if absent."""
    directory.mkdir(parents=True, exist_ok=True)
    write_bytes(directory / ARRAYS, save({name: array.copy(order="C") for name, array in arrays.items()}))
    write_bytes(directory / FACTS, msgspec.json.format(msgspec.json.encode(facts)))


def read_model(directory: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `write_model` wrote.

    Raises
    ------
    DamagedError
        A file is missing or is not what was written.
    """
    try:
        facts: dict[str, Any] = msgspec.json.decode((directory / FACTS).read_bytes())
        arrays: dict[str, NDArray[Any]] = load_file(directory / ARRAYS)
    except (OSError, msgspec.DecodeError, SafetensorError) as error:
        raise DamagedError(
            f"the model cannot be read: {error}",
            where=str(directory),
            fix="Learn it again with `regulars learn`.",
        ) from None
    return facts, arrays
