"""`torchrun -m regulars learn`: the processes learn together, and one of them speaks and writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from regulars.cli.app import app
from regulars.shop import Shop

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


def test_going_on_from_yesterday_is_told_with_its_cost(shop_directory: Path, tmp_path: Path) -> None:
    shutil.copytree(shop_directory, tmp_path / "shop")
    (tmp_path / "day.csv").write_text(
        "user_id,timestamp,item_id,session,quantity,amount\nc003,2024-04-30T10:00:00+00:00,i05,s-1,1,2.5\n"
    )
    with Shop.open(tmp_path / "shop") as shop:
        first = shop.models()[0].version
        _ = shop.import_files([tmp_path / "day.csv"])
    runner, command = CliRunner(), ["learn", str(tmp_path / "shop"), "--warm", "--minutes", "0.5"]
    done = runner.invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"Went on from {first}; weights of the blend and figures from {first}." in done.output
    assert "Cost: " in done.output
    card = json.loads(runner.invoke(app, [*command, "--json"]).stdout)["models"][0]
    assert card["lineage"]["went_on_from"] == first
