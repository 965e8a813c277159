"""Write the tables of the READMEs from the results: `python -m benchmarks.tables`. No figure is typed by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh.md")
QUALITY = ("popularity", "bpr", "als", "knn", "ease", "covisitation", "neighbours", "gru", "transformer", "blend")
BASKET = ("popular-last-week", "own-frequency", "covisitation", "knn", "als", "repeat", "blend")


def results(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))


def _short(value: float) -> str:
    return f"{value:.4f}".removeprefix("0") if value < 1 else f"{value:.3f}"


def basket() -> str:
    lines = [
        "| model | recall@20 | nDCG@20 | 95% interval | recall@20, bought before | recall@20, new |",
        "|---|---|---|---|---|---|",
    ]
    rows = {row["model"]: row for row in results("next_basket")["all products"]["models"]}
    for name in BASKET:
        row = rows[name]
        low, high = row["ndcg@20_interval"]
        cells = [
            _short(row["recall@20"]), _short(row["ndcg@20"]), f"{_short(low)} – {_short(high)}",
            _short(row["recall@20_repeat"]), _short(row["recall@20_new"]),
        ]  # fmt: skip
        cells = [f"**{cell}**" if name == "blend" else cell for cell in cells]
        lines.append(f"| {f'**{name}**' if name == 'blend' else name} | " + " | ".join(cells) + " |")
    customers = rows["blend"]["customers"]
    return "\n".join(lines) + f"\n\nn = {customers:,}"


def new() -> str:
    lines = ["| model | recall@20 | nDCG@20 | 95% interval |", "|---|---|---|---|"]
    rows = {row["model"]: row for row in results("next_basket")["new products only"]["models"]}
    for name in ("popular-last-week", "covisitation", "knn", "als", "blend"):
        low, high = rows[name]["ndcg@20_interval"]
        lines.append(
            f"| {name} | {_short(rows[name]['recall@20'])} | {_short(rows[name]['ndcg@20'])} "
            f"| {_short(low)} – {_short(high)} |"
        )
    return "\n".join(lines)


def quality() -> str:
    sets = results("quality")["sets"]
    lines = [f"| model | {' | '.join(sets)} |", "|---" * (len(sets) + 1) + "|"]
    for name in QUALITY:
        cells: list[str] = []
        for report in sets.values():
            row = next((row for row in report["models"] if row["model"] == name), None)
            cells.append(f"{_short(row['ndcg@10'])} ({_short(row['hr@10'])})" if row else "–")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def serving() -> str:
    found = results("serving")
    lines = ["| answer | p50 | p99 | max | achieved |", "|---|---|---|---|---|"]
    for name in ("customer", "item", "basket", "stickiness", "retention", "lifecycle"):
        row = found[name]
        lines.append(
            f"| {name} | {row['p50_ms']:.1f} ms | {row['p99_ms']:.1f} ms | {row['max_ms']:.0f} ms "
            f"| {row['achieved_rate']:.0f}/s |"
        )
    machine = found["machine"]
    return "\n".join(lines) + f"\n\n{machine['processor']}, {machine['cores']} cores, the load on the same machine."


def collecting() -> str:
    found = results("collecting")
    lines = ["| load | events a second | bare loop | p50 | p99 |", "|---|---|---|---|---|"]
    for name, title in (("batches", "batches of 100"), ("singles", "one by one")):
        row = found[name]
        lines.append(
            f"| {title} | {row['events_per_second']:,} | {row['bare_loop']:,} | {row['p50_ms']:.1f} ms "
            f"| {row['p99_ms']:.1f} ms |"
        )
    over = found["overload"]
    lines.append(f"| one by one, ten times the senders | {over['goodput']:,} | | | {over['p99_ms']:.1f} ms |")
    machine = found["machine"]
    seen = found["visible"]
    return "\n".join(lines) + (
        f"\n\n{machine['processor']}, {machine['cores']} cores. Visible to a query in another process after "
        f"{seen['median_seconds']:.2f} s (median; at most {seen['max_seconds']:.2f} s of 20)."
    )


def masking() -> str:
    found = results("masking")["structured"]
    lines = ["| texts | identifiers | precision | recall |", "|---|---|---|---|"]
    for name, kinds in found.items():
        row = kinds["all"]
        lines.append(
            f"| {name} | {row['true']:,} | {_short(row['covering_precision'])} | {_short(row['covering_recall'])} |"
        )
    return "\n".join(lines)


def insights() -> str:
    found = results("insights")
    lines = ["| question | ours | SQL by hand | ratio | 1M → 10M events |", "|---|---|---|---|---|"]
    for name, row in found["sizes"]["10M"].items():
        costs = f"{row['ours']:.2f} s | {row['by_hand']:.2f} s | {row['ratio']:.2f}"
        lines.append(f"| {name} | {costs} | ×{found['growth'][name]:.1f} |")
    machine = found["machine"]
    return "\n".join(lines) + f"\n\n{machine['processor']}, {found['threads']} threads, CPU-seconds."


def reviews() -> str:
    found = results("reviews")["zh"]
    measures = ("accuracy", "log_loss", "brier", "calibration_error")
    lines = ["| model | accuracy | log loss | Brier | calibration error |", "|---|---|---|---|---|"]
    peers = {
        "characters 1-3": "TF-IDF of characters + logistic regression",
        "words 1-2": "TF-IDF of words + logistic regression",
    }
    rows = {"**ours**": found["ours"], **{title: found[name] for name, title in peers.items()}}
    lines += [
        f"| {title} | " + " | ".join(_short(row[name]) for name in measures) + " |" for title, row in rows.items()
    ]
    for name, title in peers.items():
        cells: list[str] = []
        for measure in measures:
            one = found[name]["ours_minus"][measure]
            cells.append(f"{one['difference']:+.4f} ({one['low']:+.4f} – {one['high']:+.4f})")
        lines.append(f"| ours less {title.partition(' +')[0]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\n{found['texts']['test']:,} held-out reviews; 95% intervals over reviews."


TABLES = {
    "basket": basket,
    "new": new,
    "quality": quality,
    "serving": serving,
    "collecting": collecting,
    "masking": masking,
    "insights": insights,
    "reviews": reviews,
}


def filled(text: str) -> str:
    """Return a README with the tables between its markers made anew."""
    for name, make in TABLES.items():
        pattern = re.compile(rf"(<!-- table:{name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        body = make()
        text = pattern.sub(lambda match, body=body: match.group(1) + body + match.group(2), text)
    return text


def main() -> None:
    for name in READMES:
        path = ROOT / name
        path.write_text(filled(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
