"""Run every benchmark, or those named: `python -m benchmarks [NAME…]`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.report import write

NAMES = (
    "quality", "next_basket", "serving", "masking", "collecting", "durability", "insights", "reviews", "asking",
    "influence", "alerts", "live", "pages", "kernels", "growth", "ratings", "cold", "spark_als", "peers",
    "behaviour",
)  # fmt: skip


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    for name in chosen:
        print(f"== {name}", flush=True)
        write(name, importlib.import_module(f"benchmarks.{name}").run())
    print(f"Results in {Path(__file__).parent / 'results'}")


if __name__ == "__main__":
    main()
