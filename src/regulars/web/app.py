"""The application: routes, errors, the guard and the observer around everything."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from regulars.core.settings import load_settings
from regulars.shop import Shop
from regulars.web import problems
from regulars.web.access import Access
from regulars.web.api import API
from regulars.web.collect import Collect
from regulars.web.dashboard import DASHBOARD
from regulars.web.desk import KEYRING, SHOP
from regulars.web.guard import Guard
from regulars.web.health import HEALTH
from regulars.web.observe import Metrics, Observer, access_log
from regulars.web.pages import Pages
from regulars.web.tenants import Tenants
from regulars.web.tries import Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCRIPTION = (
    "Collects what shoppers do; answers recommendations, insights and customers of one shop. Errors are "
    "`application/problem+json` (RFC 9457). `Authorization: Bearer rg_…`: a write or public key sends events, a "
    "secret key asks; the key says which shop is meant. On the machine itself the one shop served is open without."
)


def create_app(
    *shop_directories: Path | str,
    open_shop: Callable[[Path], Shop] = Shop.open,
    extra_hosts: Sequence[str] = (),
) -> Litestar:
    """Return the application that serves one shop, or several that share nothing but the process.

    Parameters
    ----------
    shop_directories
        The shops' directories; each `regulars.toml` is read now, the shops open when the server starts. How the
        server listens is what the first one's says.
    open_shop
        How to open it.
    extra_hosts
        Host names to answer under besides `serve.allowed_hosts`.

    Raises
    ------
    NotFoundError
        There is no shop in the directory.
    SettingsError
        Its settings cannot be used.
    """
    directories = [Path(directory) for directory in shop_directories]
    settings = {directory: load_settings(directory) for directory in directories}
    tenants, metrics, log = Tenants(directories, open_shop), Metrics(), access_log()
    pages = Pages(settings)
    listening = settings[directories[0]].serve
    app = Litestar(
        route_handlers=[API, DASHBOARD, *HEALTH],
        dependencies={"shop": SHOP, "keyring": KEYRING},
        exception_handlers=problems.HANDLERS,
        lifespan=[tenants.tending],
        logging_config=None,
        openapi_config=_openapi(),
        state=State({"tenants": tenants, "metrics": metrics, "log": log, "pages": pages, "tries": Tries()}),
    )
    hosts = (*listening.allowed_hosts, *extra_hosts)
    # Outside the router, so that answers to unknown routes and refused hosts are guarded and counted too.
    guarded = Guard(Access(app.asgi_handler, tenants, listening), hosts)
    app.asgi_handler = Collect(Observer(guarded, metrics, log), tenants, metrics)
    return app


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="regulars",
        version=version("regulars"),
        description=DESCRIPTION,
        path="/openapi",
        render_plugins=[JsonRenderPlugin(path="/")],
        use_handler_docstrings=True,
    )
