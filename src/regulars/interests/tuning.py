"""The best settings of a model on a validation split: its own grid first, then a search that learns from each try.

The search is Optuna's tree-structured Parzen estimator (Bergstra et al., 2011; Akiba et al., 2019), seeded.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.progress import SILENT, Progress
from regulars.interests.spaces import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.interests.recommender import Config, Recommender
    from regulars.interests.spaces import Space


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that were tried."""

    settings: dict[str, Any]
    """Those that are varied."""
    value: float
    """What they reached on the validation split."""


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found."""

    config: Any
    value: float
    trials: list[Trial]
    """In the order of trying, the default settings first."""


def tune(
    model_type: type[Recommender],
    base: Config,
    judge: Callable[[Config], float],
    *,
    trials: int = 0,
    seed: int = 7,
    progress: Progress = SILENT,
) -> Tuned:
    """Try settings and keep the best.

    Parameters
    ----------
    model_type
        Its `grid` is tried first, the default at the very start; then its `space` is searched.
    base
        Settings of everything that is not varied.
    judge
        How good settings are; larger is better. It must not look at the test.
    trials
        How many different settings to try at most; 0: the grid alone, and so it is where Optuna is not installed.
    seed
        Of the search.
    progress
        Told after each try.
    """
    space = model_type.space()
    grid = [{name: getattr(config, name) for name in space} for config in model_type.grid()]
    search = _Search(base, judge)
    wanted = trials if trials and space else len(grid)
    with progress.task(f"Tuning {model_type.name}", wanted) as step:
        for settings in grid[:wanted]:
            _ = search.value(settings)
            step.advance()
        if wanted > len(grid) and find_spec("optuna") is not None:
            for settings in _suggestions(space, search, wanted, seed):
                _ = search.value(settings)
                step.advance()
    return search.best()


class _Search:
    """What was tried so far, each only once."""

    def __init__(self, base: Config, judge: Callable[[Config], float]) -> None:
        self._base = base
        self._judge = judge
        self.tried: dict[Config, Trial] = {}

    def value(self, settings: dict[str, Any]) -> float:
        config = msgspec.structs.replace(self._base, **settings)
        if config not in self.tried:
            self.tried[config] = Trial(settings=settings, value=self._judge(config))
        return self.tried[config].value

    def best(self) -> Tuned:
        config, trial = max(self.tried.items(), key=lambda pair: pair[1].value)
        return Tuned(config=config, value=trial.value, trials=list(self.tried.values()))


def _suggestions(space: Space, search: _Search, wanted: int, seed: int) -> Any:
    """Yield settings until enough different ones were tried; a search that only repeats itself ends too."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # The grid is part of the history, so the search starts from it and needs no random beginning of its own.
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {name: _distribution(of) for name, of in space.items()}
    for trial in search.tried.values():
        study.add_trial(
            optuna.trial.create_trial(params=trial.settings, distributions=distributions, value=trial.value)
        )
    for _ in range(3 * wanted):
        if len(search.tried) >= wanted:
            return
        asked = study.ask(distributions)
        yield asked.params
        study.tell(asked, search.value(asked.params))


def _distribution(of: Range | Choice) -> Any:
    import optuna

    if isinstance(of, Choice):
        return optuna.distributions.CategoricalDistribution(of.options)
    if of.whole:
        return optuna.distributions.IntDistribution(int(of.low), int(of.high), log=of.log)
    return optuna.distributions.FloatDistribution(of.low, of.high, log=of.log)
