"""What tests share: a small shop, the public data, and the machine's optional tools."""

from __future__ import annotations

import csv
import os
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop

ROOT = Path(__file__).resolve().parents[1]


def need(found: bool, what: str) -> None:
    """Skip with the reason, or fail when the run was told to require everything."""
    if not found:
        if os.environ.get("REGULARS_REQUIRE") == "1":
            pytest.fail(f"required, but absent: {what}")
        pytest.skip(f"absent: {what}")


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """Return the public data sets, in REGULARS_DATA or beside the checkout."""
    path = Path(os.environ.get("REGULARS_DATA", ROOT.parent / "shared" / "data"))
    need(path.is_dir(), f"public data sets (REGULARS_DATA or {path})")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    need(bool(path), "chromium (Debian's package)")
    return path


@pytest.fixture(scope="session")
def axe() -> Path:
    """Return the script of axe-core, the accessibility checker."""
    path = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    need(path.exists(), "axe-core (npm install --no-save axe-core@4)")
    return path


def write_purchases(path: Path, *, customers: int = 120, days: int = 120, seed: int = 3) -> None:
    """Write a small grocer: customers with a rhythm, a few staples each, a second item that follows the first."""
    source = random.Random(seed)
    start = datetime(2024, 1, 1, 9, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["user_id", "timestamp", "item_id", "session", "quantity", "amount"])
        for customer in range(customers):
            gap = source.choice([3, 5, 7, 10])
            staples = source.sample(range(40), 4)
            day = source.randrange(gap) + (60 if customer % 10 == 0 else 0)
            while day < days - (50 if customer % 7 == 0 else 0):
                at = start + timedelta(days=day, minutes=source.randrange(600))
                basket = {s for s in staples if source.random() < 0.7} | {source.randrange(60)}
                for item in sorted(basket | {(i + 1) % 60 for i in basket if i % 5 == 0}):
                    price = round(1 + item * 0.25, 2)
                    row = [f"c{customer:03d}", at.isoformat(), f"i{item:02d}", f"{customer}-{day}", 1, price]
                    writer.writerow(row)
                day += max(1, gap + source.choice([-1, 0, 1]))


def write_items(path: Path) -> None:
    """Write the catalogue of `write_purchases`."""
    groups = ["Dairy", "Bakery", "Fruit", "Tea"]
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["item", "title", "category", "brand", "price", "currency"])
        for item in range(60):
            group = groups[item % 4]
            row = [f"i{item:02d}", f"{group} no. {item}", f"Food > {group}", "Own", 1 + item * 0.25, "EUR"]
            writer.writerow(row)


@pytest.fixture(scope="session")
def purchases():
    """Return the writer of a small grocer's purchases."""
    return write_purchases


@pytest.fixture(scope="session")
def shop_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small shop, imported and learned; tests read it and do not write."""
    folder = tmp_path_factory.mktemp("small")
    write_purchases(folder / "purchases.csv")
    write_items(folder / "items.csv")
    settings = Settings(shop=ShopSettings(name="Corner shop", time_zone="Europe/Berlin", currency="EUR"))
    with Shop.create(folder / "shop", settings) as shop:
        shop.import_files([folder / "purchases.csv"])
        shop.import_files([folder / "items.csv"], table="items")
        shop.learn()
    return folder / "shop"


@pytest.fixture
def shop(shop_directory: Path):
    """Yield the small shop, open."""
    with Shop.open(shop_directory) as opened:
        yield opened
