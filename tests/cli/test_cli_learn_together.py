"""`torchrun -m regulars learn`: the processes learn together, and one of them speaks and writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_two_processes_learn_a_shop_and_print_one_document(shop_directory: Path, tmp_path: Path) -> None:
    shutil.copytree(shop_directory, tmp_path / "shop")
    shutil.rmtree(tmp_path / "shop" / "models")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    learn = ["-m", "regulars", "learn", str(tmp_path / "shop"), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *learn], env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"][0]["name"] == "blend"
    assert len(list((tmp_path / "shop" / "models" / "blend").iterdir())) == 1
