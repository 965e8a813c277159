"""Claim: on equal terms ours rank as well as the field's libraries or better, and what each costs in CPU-seconds.

How to make the peers' environments (once; each a virtual environment of its own, see peers.toml):

    REGULARS_PEERS=~/.cache/regulars-peers python -m benchmarks.peers --install [NAME…]

and run them, one thread each: `python -m benchmarks peers`, about half an hour of one core. Peers that are not
installed are named and left out. REGULARS_PEERS_SETS=beauty,… restricts the data sets, REGULARS_PEERS_ONLY=implicit,…
the peers' environments. A run that was cut goes on where it was: what a peer answered to an equal request on equal
data is read again from REGULARS_PEERS/runs; delete that folder to measure anew. Ours always run anew.

Protocol: leave-one-out, full ranking, refit with the validation event, known items left out. Everybody gets the same
arrays, learns in a process of its own and leaves lists of 20 items; one code of ours scores all lists. `default` is
what a library's documentation starts with; `tuned` is the best of its grid (peers.toml; ours: `grid()`) by nDCG@10 on
the validation split, fitted again on the test split's training events; `both`: the default is the best of its
grid; `plain`: ours with no event of a history weighing more than another.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks import peers_common, peers_ours
from benchmarks.quality import DATA, SETS
from regulars.core.progress import SILENT
from regulars.interests import from_events, metrics
from regulars.interests.splits import Split, leave_one_out
from regulars.shop import EvaluateOptions
from regulars.shop.evaluating import _read  # pyright: ignore[reportPrivateUsage]

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("REGULARS_PEERS", Path.home() / ".cache" / "regulars-peers")).resolve()
FILES = SETS | {"grocery": (DATA / "amazon_grocery_timestamps" / "train.csv.gz", "ratings")}
EPOCHS = "beauty"
"""The data set on which an epoch of the transformers is timed."""
OURS = ("popularity", "covisitation", "knn", "als")
PLAIN = ("ours knn", "ours als")
"""Also measured with every event of a history weighing alike, as in the peers' models of this kind: what is left of
the difference then is the model's, the rest is the order's."""
TIME_LIMIT = 3600
"""Seconds one process may take."""
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS",
     "POLARS_MAX_THREADS", "IRSPACK_NUM_THREADS_DEFAULT"), "1",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """One model to be measured; `budget` are settings by data set, for what is too dear to be tuned."""

    environment: str
    model: str
    beside: str = ""
    default: dict[str, Any] = field(default_factory=dict)
    grid: list[dict[str, Any]] = field(default_factory=list)
    budget: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.environment} {self.model}"


@dataclass(frozen=True)
class Part:
    """A split, and the folder that holds what the peers are given of it."""

    split: Split
    folder: Path


class NoAnswer(Exception):  # noqa: N818 - what it says is the row of the table
    """A peer is not installed or failed."""


def plan() -> dict[str, Any]:
    return tomllib.loads((HERE / "peers.toml").read_text())["quality"]


def models() -> list[Model]:
    """Ours first, then the peers."""
    only = [name for name in os.environ.get("REGULARS_PEERS_ONLY", "").split(",") if name]
    ours: list[Model] = []
    for name in OURS:
        kind = peers_ours.model_type(name)
        assert kind is not None
        default, *grid = [msgspec.to_builtins(config) for config in kind.grid()]
        ours.append(Model("ours", name, default=default, grid=grid))
    ours.append(Model("ours", "transformer", budget={"movielens-100k": {}}))
    peers = [Model(**entry) for entry in plan()["models"]]
    return ours + [peer for peer in peers if not only or peer.environment in only]


# --- environments


def interpreter(environment: str) -> Path:
    return Path(sys.executable) if environment == "ours" else FOLDER / environment / "bin" / "python"


def install(names: list[str]) -> None:
    """Make the environments named (default: all); those that fail are named, the others go on."""
    for name, facts in plan()["environments"].items():
        if names and name not in names:
            continue
        if not interpreter(name).exists():
            venv.create(FOLDER / name, with_pip=True)
        command = [str(interpreter(name)), "-m", "pip", "install", "--quiet", *facts["packages"]]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        said = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "")
        print(f"{name}: {'installed' if done.returncode == 0 else said or 'failed'}", flush=True)


# --- asking


def ask(model: Model, settings: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Let the model's own interpreter fit and rank once for each settings; return lists and CPU-seconds.

    Raises
    ------
    NoAnswer
        It is not installed, or it failed: with its last words.
    """
    python = interpreter(model.environment)
    if not python.exists():
        raise NoAnswer("not installed")
    request = json.dumps([model.environment, model.model, settings])
    out = folder / f"{model.environment}-{model.model}-{hashlib.sha256(request.encode()).hexdigest()[:12]}"
    if model.environment == "ours" or not (out / "figures.json").exists():
        # By path, as a peer's interpreter knows nothing of this package; ours does.
        out.mkdir(parents=True, exist_ok=True)  # some leave files where they are started
        ours, script = ["-m", peers_ours.__name__], [str(HERE / f"peers_{model.environment}.py")]
        runner = ours if model.environment == "ours" else script
        command = [str(python), *runner, str(folder), model.model, json.dumps(settings), str(out)]
        place = HERE.parent if model.environment == "ours" else out
        # A BLAS kernel that is preset for old builds would slow every current one.
        environment = {k: v for k, v in os.environ.items() if k not in {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}}
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=TIME_LIMIT, cwd=place,
            env=environment | ONE_THREAD,
        )  # fmt: skip
        if done.returncode == peers_ours.ABSENT and model.environment == "ours":
            raise NoAnswer("not in this version")
        if done.returncode:
            raise NoAnswer(f"failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1][:200]}")
    figures: list[dict[str, Any]] = json.loads((out / "figures.json").read_text())
    for number, one in enumerate(figures):
        if (out / f"{number}.npy").exists():
            one["lists"] = np.load(out / f"{number}.npy")
    return figures


def ndcg(lists: np.ndarray, split: Split) -> np.ndarray:
    return metrics.ndcg(metrics.find_hits(lists, split.targets, len(split.train.items)), 10)


def measure(model: Model, test: Part, validation: Part, data_set: str) -> list[dict[str, Any]]:
    """Return the rows of one model: its default and its tuned settings, or its budget's."""
    chosen, tuning = {"budget": model.budget.get(data_set, {})}, {}
    if not model.budget:
        chosen = {"default": model.default}
        if model.grid:
            tried = [model.default, *model.grid]
            answers = ask(model, tried, validation.folder)
            values = [float(ndcg(one["lists"], validation.split).mean()) for one in answers]
            best = int(np.argmax(values))
            tuning = {"tried": len(tried), "validation_ndcg@10": values[best]}
            chosen = chosen | {"tuned": tried[best]} if best else {"both": model.default}
    if model.label in PLAIN:
        chosen = {"plain": {**model.default, "history_decay": 0.0}} | chosen
    answers = ask(model, list(chosen.values()), test.folder)
    rows: list[dict[str, Any]] = []
    for (how, settings), answer in zip(chosen.items(), answers, strict=True):
        lists = answer.pop("lists")
        figures = metrics.figures(lists, test.split.targets, len(test.split.train.items))
        row = {"model": model.label, "beside": model.beside, "how": how, "settings": settings, **answer, **figures}
        rows.append(row | {"cpu": answer["fit_cpu"] + answer["recommend_cpu"], "values": ndcg(lists, test.split)})
    rows[-1] |= tuning
    return rows


def compare(row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return this row beside ours of the same kind, chosen in the same way: CPU-seconds, and nDCG@10 by customer."""
    ours = {one["how"]: one for one in rows if one["model"] == f"ours {row['beside']}"}
    mine = ours.get("default" if row["how"] == "default" else "tuned", ours.get("both"))
    if mine is None:
        return {}
    half = row["values"] - mine["values"]
    error = 1.96 * float(half.std(ddof=1)) / len(half) ** 0.5
    return {
        "cpu_ratio": row["cpu"] / mine["cpu"],
        "difference": float(half.mean()),
        "difference_interval": [float(half.mean()) - error, float(half.mean()) + error],
    }


def epochs(test: Part) -> list[dict[str, Any]]:
    """Return what an epoch of each transformer costs; ours is charged for the whole fit, preparation and all."""
    rows: list[dict[str, Any]] = []
    ours: dict[str, Any] = {"environment": "ours", "model": "transformer", "settings": {"epochs": 1}}
    for entry in [ours, *plan()["epochs"]]:
        model, row = Model(entry["environment"], entry["model"]), {"settings": entry["settings"]}
        try:
            row |= ask(model, [entry["settings"]], test.folder)[0]
        except (NoAnswer, subprocess.TimeoutExpired) as error:
            print(f"{model.label:24s} {error}", flush=True)
            continue
        _ = row.pop("lists", None)
        row = {"model": model.label, "epoch_cpu": row["fit_cpu"]} | row
        beside = ""
        if rows and rows[0]["model"] == "ours transformer":
            row["epoch_ratio"] = row["epoch_cpu"] / rows[0]["epoch_cpu"]
            beside = f", {row['epoch_ratio']:.1f}x ours"
        print(f"{model.label:24s} an epoch {row['epoch_cpu']:.1f} CPU-s{beside}", flush=True)
        rows.append(row)
    return rows


# --- the table


def show(row: dict[str, Any]) -> None:
    low, high = row["ndcg@10_interval"]
    beside = ""
    if "cpu_ratio" in row:
        below, above = row["difference_interval"]
        beside = f"  {row['difference']:+.4f} [{below:+.4f}, {above:+.4f}] {row['cpu_ratio']:7.1f}x  {row['beside']}"
    print(
        f"{row['model']:20s} {row['how']:8s} {row['hr@10']:.4f}  {row['ndcg@10']:.4f} [{low:.4f}, {high:.4f}]"
        f" {row['fit_cpu']:8.2f} {row['recommend_cpu']:8.2f}{beside}",
        flush=True,
    )


def run_set(name: str, path: Path, form: str) -> dict[str, Any]:
    _, events, _ = _read(path, EvaluateOptions(format=form), SILENT)
    data = from_events(events)
    parts: dict[int, Part] = {}
    for back in (0, 1):
        split = leave_one_out(data, back=back)
        kept = split.train.histories
        given = peers_common.Data(kept.indptr, kept.items, kept.times, split.users, len(data.items))
        mark = hashlib.sha256(kept.items.tobytes() + kept.indptr.tobytes() + split.users.tobytes()).hexdigest()[:12]
        parts[back] = Part(split, FOLDER / "runs" / f"{name}-{('test', 'validation')[back]}-{mark}")
        peers_common.write(parts[back].folder, given)
    print(
        f"-- {name}: {len(data.users)} customers ({len(parts[0].split.users)} asked), {len(data.items)} items,"
        f" {len(data.histories.items)} events\n"
        "model                how      HR@10   nDCG@10 [95%]             fit s   rank s  nDCG@10 beside ours, paired"
        "     CPU  ours"
    )
    rows: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    for model in models():
        if model.budget and name not in model.budget:
            continue
        try:
            found = measure(model, parts[0], parts[1], name)
        except (NoAnswer, subprocess.TimeoutExpired) as error:
            missing[model.label] = str(error)
            print(f"{model.label:20s} {error}", flush=True)
            continue
        rows += found
        for row in found:
            row.update(compare(row, rows))
            show(row)
    for row in rows:
        del row["values"]
    more = {"epochs": epochs(parts[0])} if name == EPOCHS else {}
    return {**more, "customers": len(data.users), "items": len(data.items), "events": len(data.histories.items),
            "rows": rows, "missing": missing}  # fmt: skip


def run() -> dict[str, Any]:
    only = [name for name in os.environ.get("REGULARS_PEERS_SETS", "").split(",") if name]
    found: dict[str, Any] = {}
    for name, (path, form) in FILES.items():
        if only and name not in only:
            continue
        if not path.exists():
            print(f"absent: {path}")
            continue
        found[name] = run_set(name, path, form)
    packages = {name: facts["packages"] for name, facts in plan()["environments"].items()}
    return {
        "protocol": "leave-one-out, full ranking, refit with the validation event, known items left out, one thread",
        "packages": packages,
        "grids": {model.label: [model.default, *model.grid] for model in models() if not model.budget},
        "sets": found,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--install"]:
        install(sys.argv[2:])
    else:
        _ = run()
