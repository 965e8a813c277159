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
from regulars.web.api import API
from regulars.web.dashboard import DASHBOARD
from regulars.web.desk import SHOP, Desk
from regulars.web.guard import Guard
from regulars.web.health import HEALTH
from regulars.web.observe import Metrics, Observer, access_log
from regulars.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCRIPTION = (
    "Recommendations, insights and customers of one shop. Errors are `application/problem+json` (RFC 9457). "
    "There is no sign-in yet: the server listens on this machine only unless told to trust its network."
)


def create_app(
    shop_directory: Path | str,
    *,
    open_shop: Callable[[Path], Shop] = Shop.open,
    extra_hosts: Sequence[str] = (),
) -> Litestar:
    """Return the application that serves one shop.

    Parameters
    ----------
    shop_directory
        The shop's directory; its `regulars.toml` is read now, the shop opens when the server starts.
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
    directory = Path(shop_directory)
    settings = load_settings(directory)
    desk, metrics, log = Desk(directory, open_shop), Metrics(), access_log()
    pages = Pages(settings)
    app = Litestar(
        route_handlers=[API, DASHBOARD, *HEALTH],
        dependencies={"shop": SHOP},
        exception_handlers=problems.HANDLERS,
        lifespan=[desk.tending],
        logging_config=None,
        openapi_config=_openapi(),
        state=State({"desk": desk, "metrics": metrics, "log": log, "pages": pages}),
    )
    hosts = (*settings.serve.allowed_hosts, *extra_hosts)
    # Outside the router, so that answers to unknown routes and refused hosts are guarded and counted too.
    app.asgi_handler = Observer(Guard(app.asgi_handler, hosts), metrics, log)
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
