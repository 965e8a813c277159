"""RecTools (Apache-2.0): SASRec with full softmax. Epochs are timed by a callback inside its trainer."""

from __future__ import annotations

import logging
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from peers_common import LIST, Data, Lists, Settings, epoch, main, padded
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools.dataset import Dataset
from rectools.models import SASRecModel

warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
torch.set_num_threads(1)


class Clock(Callback):
    """CPU-seconds of each epoch. The trainer is copied, so what it finds is kept with the class."""

    seconds: list[float] = []  # noqa: RUF012
    batches: int = 0

    def on_train_epoch_start(self, trainer: Trainer, module: Any) -> None:
        Clock.batches = len(trainer.train_dataloader)
        self.begin = time.process_time()

    def on_train_epoch_end(self, trainer: Trainer, module: Any) -> None:
        Clock.seconds.append(time.process_time() - self.begin)


def trainer(epochs: int, batches: int | None) -> Trainer:
    return Trainer(
        max_epochs=epochs, min_epochs=epochs, limit_train_batches=batches, accelerator="cpu", devices=1,
        callbacks=[Clock()], logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False,
    )  # fmt: skip


def fitted(data: Data, settings: Settings, batches: int | None) -> tuple[SASRecModel, Dataset]:
    Clock.seconds.clear()
    seed_everything(7)
    table = data.frame(user="user_id", item="item_id", time="datetime")
    table["weight"] = 1.0
    table["datetime"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["datetime"], unit="m")
    known = Dataset.construct(table)
    limits = {"epochs": settings.get("epochs", 1), "batches": batches}
    model = SASRecModel(
        **settings, get_trainer_func=trainer, get_trainer_func_kwargs=limits,
        recommend_torch_device="cpu", recommend_n_threads=1,
    )  # fmt: skip
    return model.fit(known), known


def sasrec(data: Data, settings: Settings) -> Lists:
    model, known = fitted(data, settings, None)

    def recommend() -> np.ndarray:
        found = model.recommend(data.asked, known, k=LIST, filter_viewed=True)
        rows = pd.Series(np.arange(len(data.asked)), index=data.asked)
        users = rows[found["user_id"].to_numpy()].to_numpy()
        return padded(found["item_id"].to_numpy(), users, found["rank"].to_numpy() - 1, len(data.asked))

    recommend.figures = {"epoch_cpu": float(np.mean(Clock.seconds))}  # type: ignore[attr-defined]
    return recommend


def sasrec_epoch(data: Data, settings: Settings) -> Lists:
    settings = dict(settings)
    batches = settings.pop("batches")
    _ = fitted(data, settings, batches)
    return epoch(Clock.seconds[0], Clock.batches, min(batches, Clock.batches))


if __name__ == "__main__":
    main({"sasrec": sasrec, "sasrec-epoch": sasrec_epoch})
