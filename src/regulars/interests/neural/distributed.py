"""Several processes that train one module: they see the same batches and add up their gradients.

`torchrun --nproc-per-node 2 -m regulars learn DIR` starts them. PyTorch is imported only when there are several.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from regulars.core.ranks import rank, world_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from torch import Tensor

__all__ = ["Group", "group", "rank", "world_size"]

PATIENCE = timedelta(hours=12)
"""The others wait so long, such as for process 0 to evaluate; one that ends is noticed at once by `torchrun`."""


class Group:
    """The processes of a run, and what they tell each other.

    Parameters
    ----------
    rank
        This process's number, from 0.
    size
        How many there are. With one, nothing is sent.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and evaluates."""
        return self.rank == 0

    def sum_gradients(self, parameters: Iterable[Tensor], loss: float) -> float:
        """Replace every gradient by its sum over the processes; return the summed loss.

        All travel in one float32 message. A parameter that had no gradient anywhere keeps none, so that the optimiser
        passes over it as it does with one process.
        """
        if self.size == 1:
            return loss
        import torch
        from torch import distributed

        rows = list(parameters)
        there = torch.tensor([*(float(p.grad is not None) for p in rows), loss], device=rows[0].device)
        parts = [torch.zeros_like(p).flatten() if p.grad is None else p.grad.float().flatten() for p in rows]
        message = torch.cat([*parts, there])
        distributed.all_reduce(message)
        gradients = message[: -len(rows) - 1].split([p.numel() for p in rows])
        for p, gradient, found in zip(rows, gradients, message[-len(rows) - 1 : -1].tolist(), strict=True):
            p.grad = gradient.view_as(p).to(p.dtype) if found else None
        return float(message[-1])

    def agree(self, *values: float) -> tuple[float, ...]:
        """Return what process 0 said, everywhere."""
        if self.size == 1:
            return values
        import torch
        from torch import distributed

        message = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(message, 0)
        return tuple(float(value) for value in message)

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors, in place, by those of process 0."""
        if self.size > 1:
            from torch import distributed

            for tensor in tensors:
                if not tensor.is_floating_point():
                    continue  # masks and counters: the same everywhere, and not of every type can be sent
                distributed.broadcast(tensor.detach(), 0)

    def wait(self) -> None:
        """Go on when every process is here: what process 0 wrote before is there for all."""
        if self.size > 1:
            from torch import distributed

            distributed.barrier()

    def share(self, batch: Any) -> Any:
        """Return this process's rows of a batch: a tensor, or a tuple, list or dict of tensors with equal rows.

        Every size-th row from its own number on: rows sorted by length are dealt out evenly.
        """
        return batch if self.size == 1 else _rows(batch, self.rank, self.size)


@contextmanager
def group() -> Generator[Group]:
    """Join the other processes of this run, if `torchrun` started several; else a group of one.

    A group that is open already is used and left open.
    """
    if world_size() == 1:
        yield Group()
        return
    from torch import distributed

    opened = not distributed.is_initialized()
    if opened:
        distributed.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size())
    finally:
        if opened:
            distributed.destroy_process_group()


def _rows(batch: Any, first: int, stride: int) -> Any:
    if batch is None:
        return None
    if hasattr(batch, "untyped_storage"):  # a tensor
        return batch[first::stride]
    if isinstance(batch, dict):
        return {name: _rows(part, first, stride) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [_rows(part, first, stride) for part in batch]
        # A NamedTuple takes its fields one by one.
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    raise TypeError(f"a batch of type {type(batch).__name__} needs a split function of its own")
