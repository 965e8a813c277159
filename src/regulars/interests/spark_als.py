"""Matrix factorisation by Spark MLlib, for a shop whose events are on a cluster: fitted there, served here."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from regulars.core.errors import UsageError
from regulars.interests.als_entries import entries
from regulars.interests.factor_model import FactorModel
from regulars.interests.recommender import Config

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions

LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
}
"""A session of one machine: nothing listens to the network, and collecting garbage takes no cores of its own."""


class SparkALSConfig(Config, frozen=True, kw_only=True):
    """Settings of `SparkALS`; the first five are Spark's own, under its names in snake case where they are words."""

    rank: int = 64
    """Length of the vectors."""
    iterations: int = 10
    """Sweeps over both sides (`maxIter`)."""
    reg: float = 0.3
    """λ of a row is reg × its entries (`regParam`)."""
    alpha: float = 10.0
    """Confidence of an entry with weight r is 1 + alpha · r; that of all others is 1."""
    seed: int = 7
    """Start of the random vectors."""
    history_decay: float = 0.4
    """When scoring, the r-th latest item of a history weighs (1 + r)^-history_decay."""
    cores: int = 1
    """Of the session that is made when there is none."""
    memory: str = "1g"
    """Of that session's Java process."""


class SparkALS(FactorModel):
    """Implicit-feedback matrix factorisation (Hu, Koren and Volinsky, 2008) as Spark's `pyspark.ml.recommendation.ALS`.

    A session that is active is used, be it on a cluster, and left open; else one of this machine is made and stopped.
    The vectors are collected once. From then on neither Spark nor Java is needed: the vector of any history is solved
    from it and Spark's item vectors by Spark's own equation,

        (YᵀY + reg · n · I + Σ s α r yyᵀ) u = Σ s (1 + α r) y,

    where s ≤ 1 is what `history_decay` leaves of an entry: without decay, a customer of the training gets the vector
    that Spark gave them.

    Attributes
    ----------
    user_factors_
        U, float32 (users × rank).
    item_factors_
        P, float32 (items × rank); zeros for items that nobody chose.
    """

    name = "spark-als"
    config_type = SparkALSConfig
    config: SparkALSConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        config = self.config
        indptr, items, weights = entries(interactions.histories, self.n_items_, 0.0)
        users = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
        table = pa.table({"user": users, "item": items, "rating": weights})
        with session(config.cores, config.memory) as spark, progress.task("Factorising in Spark", None):
            from pyspark.ml.recommendation import ALS

            blocks = max(1, spark.sparkContext.defaultParallelism)
            als = ALS(
                rank=config.rank, maxIter=config.iterations, regParam=config.reg, alpha=config.alpha, seed=config.seed,
                implicitPrefs=True, numUserBlocks=blocks, numItemBlocks=blocks,
            )  # fmt: skip
            model = als.fit(spark.createDataFrame(table))
            self.user_factors_ = _collected(model.userFactors, len(interactions.users), config.rank)
            self.item_factors_ = _collected(model.itemFactors, self.n_items_, config.rank)
        self._prepare()

    def _prepare(self) -> None:
        P = self.item_factors_.astype(np.float64)
        self._gram = P.T @ P

    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × rank): U for anyone."""
        indptr, items, weights = entries(histories, self.n_items_, 0.0)
        # An old entry counts for a share of itself, the 1 of its confidence too: else age would hardly matter.
        shares = entries(histories, self.n_items_, self.config.history_decay)[2] / weights
        found = np.zeros((len(histories), self.config.rank))
        I = np.eye(self.config.rank)  # noqa: E741 - its name in the equation
        for row in np.flatnonzero(np.diff(indptr)):
            part = slice(indptr[row], indptr[row + 1])
            Y = self.item_factors_[items[part]].astype(np.float64)
            c = self.config.alpha * weights[part].astype(np.float64)
            share = shares[part].astype(np.float64)
            A = self._gram + self.config.reg * len(c) * I + (Y.T * (share * c)) @ Y
            found[row] = np.linalg.solve(A, (share * (1 + c)) @ Y)
        return found.astype(np.float32)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = SparkALSConfig()
        changes: list[dict[str, float]] = [
            {"alpha": 3.0, "reg": 0.1},
            {"reg": 1.0},
            {"reg": 3.0},
            {"alpha": 30.0, "reg": 3.0},
        ]
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


@contextmanager
def session(cores: int = 1, memory: str = "1g") -> Generator[Any]:
    """Yield Spark's active session, or one of this machine that is stopped afterwards.

    Raises
    ------
    UsageError
        PySpark or Java is missing.
    """
    if find_spec("pyspark") is None:
        raise UsageError("PySpark is not installed", where="spark-als", fix="Run `pip install 'regulars[spark]'`.")
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UsageError(
            "Java is not installed", where="spark-als", fix="Install Java 17 or newer, such as openjdk-17-jre-headless."
        )
    builder = SparkSession.builder.master(f"local[{cores}]").appName("regulars")
    settings = {**LOCAL, "spark.driver.memory": memory, "spark.sql.shuffle.partitions": str(cores)}
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    try:
        yield made
    finally:
        made.stop()


def _collected(factors: Any, rows: int, rank: int) -> NDArray[np.float32]:
    """Return a frame of (id, features) as a matrix, zeros for ids that are not in it."""
    table: pa.Table = factors.toArrow()
    found = np.zeros((rows, rank), np.float32)
    values = table.column("features").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    found[table.column("id").to_numpy()] = values.reshape(-1, rank)
    return found
