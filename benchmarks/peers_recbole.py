"""RecBole (MIT): SASRec with full softmax, every prefix of a history an example of its own, as it does by default.

Its leave-one-out split takes each asked customer's last event from training; one more row for each, any item, keeps
what is trained on the same as everybody's.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from peers_common import Data, Lists, Settings, epoch, main

warnings.filterwarnings("ignore")
from recbole.config import Config  # noqa: E402 - it warns while it is imported
from recbole.data import create_dataset, data_preparation  # noqa: E402
from recbole.model.sequential_recommender import SASRec  # noqa: E402
from recbole.trainer import Trainer  # noqa: E402
from recbole.utils import init_seed  # noqa: E402

logging.disable(logging.INFO)


def configuration(folder: Path, settings: Settings) -> Config:
    options = {
        "data_path": str(folder), "checkpoint_dir": str(folder), "use_gpu": False, "device": "cpu", "seed": 7,
        "show_progress": False, "train_neg_sample_args": None, "MAX_ITEM_LIST_LENGTH": 50,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"LS": "test_only"}, "order": "TO", "mode": "full", "group_by": "user"},
        **settings,
    }  # fmt: skip
    return Config(model="SASRec", dataset="shop", config_dict=options)


def write_table(folder: Path, data: Data) -> None:
    table = data.frame(user="user_id:token", item="item_id:token", time="timestamp:float")
    more = table.iloc[data.indptr[data.asked]].copy()
    more["timestamp:float"] = np.diff(data.indptr)[data.asked]
    (folder / "shop").mkdir()
    pd.concat([table, more]).to_csv(folder / "shop" / "shop.inter", sep="\t", index=False)


class Some:
    """The first batches of a loader."""

    def __init__(self, loader: Any, batches: int) -> None:
        self.loader, self.batches = loader, min(batches, len(loader))

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Any]:
        return islice(iter(self.loader), self.batches)


def sasrec_epoch(data: Data, settings: Settings) -> Lists:
    settings = dict(settings)
    batches = settings.pop("batches")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder, data)
        config = configuration(folder, settings)
        torch.set_num_threads(1)
        init_seed(7, reproducibility=True)
        train, _, _ = data_preparation(config, create_dataset(config))
        model = SASRec(config, train.dataset)
        trainer = Trainer(config, model)
        some = Some(train, batches)
        begin = time.process_time()
        trainer._train_epoch(some, 0)  # `fit` would go on to write checkpoints
        return epoch(time.process_time() - begin, len(train), len(some))


if __name__ == "__main__":
    main({"sasrec-epoch": sasrec_epoch})
