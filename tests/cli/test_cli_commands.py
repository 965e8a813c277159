"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run(*words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `regulars` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "regulars", *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


def answer(*words: object) -> Any:
    """Run with --json; stdout must be one JSON document and nothing else."""
    return json.loads(run(*words, "--json").stdout)


def test_from_nothing_to_a_slate(tmp_path: Path, purchases: Callable[..., None]) -> None:
    """Init, import, learn, ask, recommend, doctor: every step by --json."""
    purchases(tmp_path / "e.csv", customers=30, days=60)
    made = answer("init", tmp_path / "shop", "--name", "Käse", "--time-zone", "Asia/Shanghai", "--currency", "CNY")
    assert made["settings"]["shop"]["name"] == "Käse"
    summary = answer("import", tmp_path / "shop", tmp_path / "e.csv")
    assert summary["added"] == summary["read"] > 500
    assert answer("import", tmp_path / "shop", tmp_path / "e.csv")["added"] == 0
    models = answer("learn", tmp_path / "shop")["models"]
    assert models[0]["name"] == "blend"
    slate = answer("recommend", tmp_path / "shop", "--user", "c001", "-n", "3")
    assert len(slate["items"]) == 3
    table = answer("insights", tmp_path / "shop", "retention", "--by", "week", "--param", "periods=3")
    assert max(row["period"] for row in table["rows"]) == 3
    assert answer("doctor", tmp_path / "shop")["ok"] is True
    run("insights", tmp_path / "shop", "stickiness", "--plot", tmp_path / "plot.html")
    assert "plotly" in (tmp_path / "plot.html").read_text("utf-8").lower()


def test_people_get_words(shop_directory: Path) -> None:
    """Without --json there are tables and sentences."""
    assert "bought on" in run("recommend", shop_directory, "--user", "c003").stdout
    assert "stickiness" in run("insights", shop_directory).stdout
    assert "mau" in run("insights", shop_directory, "stickiness").stdout
    assert "MEND" not in run("doctor", shop_directory).stdout
    assert run("--version").stdout.strip()


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("import", "{shop}", "absent.csv"), 1, "absent.csv"),
        (("insights", "{shop}", "fortune"), 1, "fortune"),
        (("insights", "{shop}", "retention", "--by", "fortnight"), 2, "period"),
        (("insights", "{shop}", "retention", "--param", "nonsense"), 2, "NAME=VALUE"),
        (("recommend", "{shop}"), 2, "exactly one"),
        (("recommend", "{shop}", "--item", "never"), 1, "never"),
        (("learn", "nowhere"), 1, "regulars init"),
        (("serve", "{shop}", "--host", "0.0.0.0"), 1, "other machines"),  # noqa: S104 - refused, never bound
        (("evaluate", "nowhere.csv"), 1, "nowhere.csv"),
        (("evaluate", "{shop}", "--models", "oracle"), 2, "oracle"),
        (("evaluate", "{shop}", "--protocol", "magic"), 2, "magic"),
        (("evaluate", "{shop}", "--protocol", "time", "--cutoff", "soon"), 2, "soon"),
        (("init", "{shop}"), 2, "not empty"),
        (("init", "{new}", "--time-zone", "Mars"), 1, "Mars"),
        (("dance",), 2, "dance"),
    ],
)
def test_mistakes_say_what_where_and_exit(
    shop_directory: Path, tmp_path: Path, words: tuple[str, ...], code: int, named: str
) -> None:
    """1 for what failed, 2 for wrong use; the word that is wrong is in the message on stderr."""
    filled = [word.format(shop=shop_directory, new=tmp_path / "new") for word in words]
    done = run(*filled, code=code)
    assert named in done.stderr.replace("\n", " ")
    assert done.stdout == ""


def test_evaluate_plain_files(tmp_path: Path) -> None:
    """Sequences and ratings without a shop: the documented keys, full ranking, co-visitation finds the cycle."""
    lines = [" ".join(map(str, [user, *((user + step) % 20 for step in range(8))])) for user in range(60)]
    (tmp_path / "s.txt").write_text("\n".join(lines) + "\n")
    report = answer("evaluate", tmp_path / "s.txt", "--format", "sequences", "--refit")
    rows = {row["model"]: row for row in report["models"]}
    assert set(rows) == {"popularity", "covisitation", "knn", "als", "blend"}
    assert report["winner"]["model"] in {"covisitation", "blend"}
    keys = {"model", "hr@10", "ndcg@10", "recall@20", "coverage", "fit_seconds", "users_per_second"}
    assert keys <= rows["als"].keys()
    assert rows["covisitation"]["ndcg@10"] > 0.9
    assert rows["popularity"]["ndcg@10"] < 0.5
    ratings = [f"{user}\t{(user + step) % 20}\t5\t{1000000000 + step}" for user in range(60) for step in range(8)]
    (tmp_path / "r.tsv").write_text("user\titem\trating\ttime\n" + "\n".join(ratings) + "\n")
    report = answer("evaluate", tmp_path / "r.tsv", "--format", "ratings", "--models", "covisitation", "--refit")
    baseline, model = report["models"]
    assert baseline["model"] == "popularity"
    assert baseline["vs"] is None
    assert model["ndcg@10"] > 0.9
    assert model["vs"]["model"] == "popularity"
    assert model["vs"]["p"] < 0.01


def test_evaluate_a_shop_over_time(shop_directory: Path) -> None:
    """The time protocol on the shop's own events: repeats allowed as the shop's purchases suggest."""
    report = answer(
        "evaluate", shop_directory, "--protocol", "time", "--cutoff", "2024-04-15", "--horizon", "14",
        "--models", "popular-last-week,own-frequency,blend",
    )  # fmt: skip
    rows = {row["model"]: row for row in report["models"]}
    assert report["protocol"]["exclude_known"] is False
    assert rows["blend"]["recall@20"] > rows["popular-last-week"]["recall@20"]
    assert "recall@20_repeat" in rows["blend"]


def test_learned_models_are_shown_with_the_best_of_them(shop_directory: Path) -> None:
    """The cards as JSON; for people a table against the baseline, and who cannot be told from the best."""
    cards = answer("models", shop_directory)["models"]
    assert cards[0]["name"] == "blend"
    assert {"vs", "vs_best", "slices", "ndcg@10_interval"} <= cards[0]["quality"].keys()
    shown = run("models", shop_directory).stdout
    assert "Best by nDCG@10" in shown
    assert "popularity" in shown
