"""A training on disk, so that one that was killed goes on where it was: tensors and JSON, nothing that can run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from regulars.core.errors import DamagedError, UsageError
from regulars.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor
    from torch.optim import Optimizer

FILE = "training.safetensors"
FORMAT = "1"
Tensors = dict[str, "Tensor"]


def write_checkpoint(directory: Path, parts: Mapping[str, Tensors], counters: Any, fingerprint: str) -> None:
    """Durably replace the checkpoint in `directory`, made if absent.

    Tensors and counters are one file, the counters as JSON in its header: a process that is killed at any moment
    leaves the last whole checkpoint.

    Parameters
    ----------
    directory
        Where the file is.
    parts
        Named groups of named tensors, such as `{"weights": …, "optimizer": …}`.
    counters
        A msgspec record.
    fingerprint
        What has to be the same for the training to go on (`fingerprint_of`).
    """
    directory.mkdir(parents=True, exist_ok=True)
    for left_behind in directory.glob(f".{FILE}.*.tmp"):
        left_behind.unlink()
    tensors = {
        f"{part}/{name}": tensor.detach().contiguous()
        for part, group in parts.items()
        for name, tensor in group.items()
    }
    facts = {"format": FORMAT, "fingerprint": fingerprint, "counters": msgspec.json.encode(counters).decode()}
    with replacing(directory / FILE) as temporary:
        save_file(tensors, temporary, metadata=facts)


def read_checkpoint(directory: Path, fingerprint: str) -> tuple[dict[str, Tensors], bytes] | None:
    """Return what `write_checkpoint` wrote: groups of tensors and the counters' JSON; None when there is none.

    Raises
    ------
    UsageError
        It is of another training.
    DamagedError
        It cannot be read.
    """
    path = directory / FILE
    if not path.exists():
        return None
    parts: dict[str, Tensors] = {}
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, str] = file.metadata() or {}
            if facts.get("format") != FORMAT or facts.get("fingerprint") != fingerprint:
                raise UsageError(
                    "the checkpoint is of another training: other data, another module or other settings",
                    where=str(path),
                    fix="Delete it, or give another directory.",
                )
            for name in file.keys():  # noqa: SIM118 - not a dict
                part, _, rest = name.partition("/")
                # A copy: the file is replaced while the training goes on.
                parts.setdefault(part, {})[rest] = file.get_tensor(name).clone()
    except (OSError, SafetensorError) as error:
        raise DamagedError(
            f"the checkpoint cannot be read: {error}", where=str(path), fix="Delete it; the training starts anew."
        ) from None
    return parts, facts["counters"].encode()


def fingerprint_of(tensors: Tensors, *settings: Any) -> str:
    """Return a short hash of the names, shapes and types of tensors and of settings."""
    shapes = [(name, list(tensor.shape), str(tensor.dtype)) for name, tensor in sorted(tensors.items())]
    return hashlib.sha256(msgspec.json.encode([shapes, settings])).hexdigest()[:16]


def optimizer_tensors(optimizer: Optimizer, parameters: Mapping[str, Tensor]) -> Tensors:
    """Return an optimiser's state as `parameter/field` → tensor."""
    found: Tensors = {}
    for name, parameter in parameters.items():
        for field, value in optimizer.state.get(parameter, {}).items():
            found[f"{name}/{field}"] = value
    return found


def restore_optimizer(optimizer: Optimizer, parameters: Mapping[str, Tensor], tensors: Tensors) -> None:
    """Put back what `optimizer_tensors` returned."""
    for key, tensor in tensors.items():
        name, _, field = key.rpartition("/")
        optimizer.state[parameters[name]][field] = tensor
