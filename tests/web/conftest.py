"""Shops that tests of the doors may write to, and their keys."""

from __future__ import annotations

import msgspec
import pytest
from litestar.testing import TestClient

from regulars.core.settings import PrivacySettings, ServeSettings, Settings, ShopSettings
from regulars.shop import Shop
from regulars.web.app import create_app

from .doors import HOST, abroad, at_home

LINES = """user,item,time,amount
anna,tea,2024-03-01T09:12:00,4.50
anna,milk,2024-03-02T09:12:00,1.20
ben,tea,2024-03-02T17:40:00,4.50
anna,tea,2024-03-09T10:01:00,4.50
https://id.example/7/,milk,2024-03-10T18:20:00,1.20
"""


@pytest.fixture(scope="module")
def make_shop(tmp_path_factory):
    """Return a maker of small shops: a name, and how they listen."""

    def make(name: str, access: str = "local"):
        folder = tmp_path_factory.mktemp("shop")
        (folder / "events.csv").write_text(LINES)
        settings = Settings(
            shop=ShopSettings(name=name, currency="EUR"),
            serve=ServeSettings(access=access),
            privacy=PrivacySettings(controller=f"{name} Ltd.", contact="privacy@shop.example"),
        )
        settings = msgspec.convert(msgspec.to_builtins(settings), Settings)
        with Shop.create(folder / "shop", settings) as shop:
            shop.import_files([folder / "events.csv"])
            shop.learn()
        return folder / "shop"

    return make


@pytest.fixture(scope="module")
def own_shop(make_shop):
    """Return a small shop that the tests of one file may write to."""
    return make_shop("Tea house")


@pytest.fixture(scope="module")
def home(own_shop):
    """Yield a client on the shop's own machine."""
    with TestClient(at_home(create_app(own_shop)), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def two_shops(make_shop):
    """Return two shops that are served together."""
    return make_shop("Tea house"), make_shop("Book shop")


@pytest.fixture(scope="module")
def keys(two_shops):
    """Return (shop's number, role) → a key of it."""
    found = {}
    for number, directory in enumerate(two_shops):
        with Shop.open(directory) as shop:
            found |= {(number, role): shop.keyring.create(role).secret for role in ("write", "public", "secret")}
    return found


@pytest.fixture(scope="module")
def away(two_shops, keys):
    """Yield a client of another machine that asks a server of two shops."""
    with TestClient(abroad(create_app(*two_shops)), base_url=HOST, raise_server_exceptions=False) as client:
        yield client
