"""What the sequence models share: learning the next event, vectors of histories, files, going on from the last one."""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import numpy as np

from regulars.interests.factor_model import FactorModel
from regulars.interests.recommender import BLOCK, Config

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.neural.plan import TrainReport
    from regulars.interests.neural.sequences import Batch, Epochs, Shape
    from regulars.interests.neural.trunks import SequenceModule, Trunk


class SequenceConfig(Config, frozen=True, kw_only=True):
    """Settings of every sequence model; the defaults were chosen on validation splits (docs/log.md)."""

    embedding_size: int = 128
    """Length of item vectors and states."""
    layers: int = 2
    """Layers one behind the other."""
    dropout: float = 0.4
    """Share of values dropped while learning."""
    epochs: int = 16
    """At most so many passes over the histories."""
    minutes: float | None = None
    """Wall-clock budget, evaluations included; None: only the epochs count."""
    learning_rate: float = 2e-3
    """Highest rate; it rises for the first twentieth of the run and falls as half a cosine."""
    weight_decay: float = 0.01
    """Of matrices (AdamW)."""
    negatives: int | None = None
    """Items drawn to stand for all others; None: all up to 20,000 items, 2,048 of larger catalogues."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all items (only with the whole catalogue as candidates)."""
    next_events: int = 1
    """Following events that are targets of each position, the g-th weighing g^-½."""
    history_length: int = 200
    """Latest events that count; longer histories are cut into windows when learning."""
    time_intervals: bool = True
    """Do the intervals between events count?"""
    kinds: bool = True
    """Are kinds of events told apart?"""
    spectral_start: bool = True
    """Do item vectors start from what is chosen together, or at random?"""
    validation: float = 0.0
    """Share of customers whose last event is held back to choose the best epoch by; 0: the last epoch is kept."""
    patience: int | None = 3
    """Stop after so many evaluations without a better one; only with `validation`."""
    partial_epochs: int = 2
    """Passes over the customers who did something since, when going on from what was learned."""
    seed: int = 7
    """Of vectors, batches and what is dropped."""


WHOLE_CATALOGUE = 20_000
"""Items up to which the softmax runs over all of them: below, it costs no more than drawing negatives well."""
NEGATIVES = 2048
TOKENS = (64, 2048)
"""Positions in a batch, at least and at most; in between, 64 batches an epoch, so that small shops learn as well."""
PARTIAL_RATE = 0.25
"""Share of the learning rate when going on: new events are learned without losing the old ones."""
JUDGES = 2000
"""Customers at most that an epoch is judged by."""


C = TypeVar("C", bound=SequenceConfig)


class SequenceRecommender(FactorModel, Generic[C]):
    """Predicts the next event from those before it; the catalogue is scored by an inner product.

    Attributes
    ----------
    item_factors_
        P, float32 (items × (embedding_size + 1)); the last column is the item's bias.
    checkpoints
        Directory of the training's checkpoints, from which one that was killed goes on; None: none are kept.
    report_
        What the last training did (`regulars.interests.neural.plan.TrainReport`); None for a loaded model.
    """

    config: C
    forgets_at_once = False
    checkpoints: Path | None = None
    report_: TrainReport | None = None

    @abstractmethod
    def _trunk(self, n_kinds: int) -> Trunk:
        """Return a trunk that has learned nothing yet, for so many kinds of events."""

    def _module(self) -> SequenceModule:
        from regulars.interests.neural.trunks import SequenceModule

        return SequenceModule(self._trunk(len(self.kinds_)))

    def _shape(self, events: int = 0) -> Shape:
        from regulars.interests.neural.sequences import Shape

        config = self.config
        return Shape(
            n_items=self.n_items_, n_kinds=len(self.kinds_), length=config.history_length,
            next_events=config.next_events, tokens=min(TOKENS[1], max(TOKENS[0], events // 64)),
        )  # fmt: skip

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        import torch

        from regulars.interests.neural.spectral import spectral_vectors

        config, histories = self.config, interactions.histories
        self.kinds_ = interactions.kinds if config.kinds else ()
        with _alone(config.seed):
            self.module_ = module = self._module()
            with torch.no_grad():
                if config.spectral_start:
                    start = spectral_vectors(histories, self.n_items_, config.embedding_size, config.seed)
                    module.trunk.items.weight[: self.n_items_] = torch.from_numpy(start)
                module.trunk.items.weight[self.n_items_ + 1] = 0
                counts = np.bincount(histories.items, minlength=self.n_items_) + 0.5
                shares = torch.from_numpy(np.log(counts / counts.mean())).float()
                module.head.bias.copy_(shares / 4)
            self._train(histories, config.epochs, config.learning_rate, progress)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        from regulars.interests.neural.going_on import carry_over

        config, histories, old = self.config, interactions.histories, self.module_
        kinds = interactions.kinds if config.kinds else ()
        kinds_were = [self.kinds_.index(kind) if kind in self.kinds_ else -1 for kind in kinds]
        self.kinds_ = kinds
        with _alone(config.seed):
            self.module_ = self._module()
            carry_over(old, self.module_, histories, was, kinds_were)
            self._train(
                self._news(histories, since), config.partial_epochs, config.learning_rate * PARTIAL_RATE, progress
            )

    def _news(self, histories: Histories, since: int) -> Histories:
        """Return the histories to go on with: of those who did something since that moment."""
        from regulars.interests.neural.going_on import came_since

        return came_since(histories, since)

    def _train(self, histories: Histories, epochs: int, rate: float, progress: Progress) -> None:
        """Learn to expect what follows; leaves the module in evaluation mode."""
        from regulars.interests.neural.plan import TrainPlan
        from regulars.interests.neural.sequences import without_last
        from regulars.interests.neural.training import train

        config = self.config
        judge: Callable[[], float] | None = None
        if config.validation > 0:
            random = np.random.default_rng([config.seed, 1])
            histories, asked, answers = without_last(histories, config.validation, JUDGES, random)
            judge = partial(self._judge, asked, answers)

        batches = self._batches(histories)
        if len(batches.windows) and epochs:
            plan = TrainPlan(
                epochs=epochs, minutes=config.minutes, learning_rate=rate, weight_decay=config.weight_decay,
                betas=(0.9, 0.98), patience=config.patience, directory=self.checkpoints,
                bfloat16=True, seed=config.seed,
            )  # fmt: skip
            settings = msgspec.structs.replace(config, epochs=0, minutes=None)
            key = f"{self.name} {settings} {zlib.crc32(histories.items.tobytes())}"
            self.report_ = train(self.module_, batches, self._loss, judge, plan, progress, size=targets_of, key=key)
        self.module_.eval()
        self._prepare()

    def _batches(self, histories: Histories) -> Epochs:
        """Return what is learned from; a model with further heads adds their targets."""
        from regulars.interests.neural.sequences import Epochs

        return Epochs(histories, self._shape(len(histories.items)), self.config.seed)

    def _loss(self, batch: Batch) -> Any:
        return self._item_loss(self.module_.trunk(batch.inputs), batch)

    def _item_loss(self, states: Any, batch: Batch) -> Any:
        """Return the mean cross-entropy of the next events, of states (rows × positions × size)."""
        import torch

        from regulars.interests.neural.softmax import full_softmax, sampled_softmax

        config, trunk, bias = self.config, self.module_.trunk, self.module_.head.bias
        asked = batch.asked
        states = states[asked].float()
        targets, weights = batch.targets[asked], batch.weights[asked]
        # Outside autocast: both losses choose their own precision.
        with torch.autocast("cpu", enabled=False):
            wanted = config.negatives or (self.n_items_ if self.n_items_ <= WHOLE_CATALOGUE else NEGATIVES)
            if wanted >= self.n_items_:
                return full_softmax(states, trunk.item_vectors, bias, targets, weights, config.label_smoothing)
            negatives = torch.randperm(self.n_items_)[:wanted]
            return sampled_softmax(states, trunk.item_vectors, bias, targets, weights, negatives)

    def _judge(self, histories: Histories, answers: NDArray[np.int64]) -> float:
        """Return the mean of 1/log₂(1 + rank) over the events held back: nDCG without a cut, smoother by that."""
        self._prepare()
        rows, gains = max(1, BLOCK // (4 * self.n_items_)), 0.0
        for begin in range(0, len(answers), rows):
            numbers = np.arange(begin, min(begin + rows, len(answers)))
            ranks = _ranks(self._score(histories.select(numbers)), histories.select(numbers), answers[numbers])
            gains += float((1 / np.log2(1 + ranks)).sum())
        return gains / len(answers)

    def _prepare(self) -> None:
        """Lay out the item vectors with their biases for the inner product."""
        trunk, head = self.module_.trunk, self.module_.head
        parts = [trunk.item_vectors.detach().numpy(), head.bias.detach().numpy()[:, None]]
        self.item_factors_ = np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)

    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × (embedding_size + 1)); the last column is 1."""
        import torch

        from regulars.interests.neural.sequences import latest

        # An item that nobody has learned of says nothing: as if it had not happened.
        histories = histories.keep((histories.items >= 0) & (histories.items < self.n_items_))
        out = np.ones((len(histories), self.config.embedding_size + 1), np.float32)
        self.module_.eval()
        with one_thread(), torch.inference_mode():
            for numbers, inputs in latest(histories, self._shape()):
                out[numbers, :-1] = self.module_.trunk(inputs)[:, -1].numpy()
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        names = np.frombuffer(json.dumps(self.kinds_).encode(), np.uint8)
        return {"kinds": names, **{name: tensor.numpy() for name, tensor in self.module_.state_dict().items()}}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        import torch

        self.kinds_ = tuple(json.loads(arrays["kinds"].tobytes()))
        with _alone(self.config.seed):
            self.module_ = self._module()
        for name, tensor in self.module_.state_dict().items():
            tensor.copy_(torch.from_numpy(arrays[name].copy()))
        self.module_.eval()
        self._prepare()


def _ranks(scores: NDArray[np.float32], histories: Histories, answers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each answer in its customer's list, from 1.

    What a customer already has takes no place in a list of new things; where the answer itself came again, it does.
    """
    own = scores[np.arange(len(answers)), answers]
    pairs = np.unique(histories.owners * scores.shape[1] + histories.items)
    owners, items = pairs // scores.shape[1], pairs % scores.shape[1]
    known = np.bincount(owners[scores[owners, items] > own[owners]], minlength=len(answers))
    known[owners[items == answers[owners]]] = 0
    return 1 + (scores > own[:, None]).sum(1) - known


def targets_of(batch: Batch) -> int:
    """Return how many positions of a batch have a target: what its loss is the mean over."""
    return int(batch.asked.sum())


@contextmanager
def one_thread() -> Generator[None]:
    """Use one thread of PyTorch for a while: the same sums in the same order, and no crowd on a server's cores."""
    import torch

    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _alone(seed: int) -> Generator[None]:
    """Build and train from this seed on one thread; the caller's random numbers and threads are as before."""
    import torch

    with one_thread(), torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
