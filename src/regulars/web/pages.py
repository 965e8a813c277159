"""Templates to pages: one environment a language, and what every page knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from regulars.web.assets import PLOTLY, STATIC
from regulars.web.desk import VISITOR
from regulars.web.preferences import THEMES, cookies, preferences
from regulars.web.reasons import SEGMENTS, sentence
from regulars.web.wording import LANGUAGES, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Request

    from regulars.core.settings import Settings
    from regulars.web.tenants import Visitor
    from regulars.web.wording import Words

TEMPLATES = Path(__file__).parent / "dashboard" / "templates"


class Pages:
    """Renders templates in the visitor's language and theme."""

    def __init__(self, settings: Mapping[Path, Settings]) -> None:
        self._settings = settings
        self._environments = {
            (directory, language): self._environment(words_of(language), one)
            for directory, one in settings.items()
            for language in LANGUAGES
        }

    def settings(self, request: Request[Any, Any, Any]) -> Settings:
        """Return the settings of the shop that is asked; of the first one where nobody is signed in."""
        return self._settings[self._directory(request)]

    def render(
        self, request: Request[Any, Any, Any], template: str, *, status_code: int = 200, at: str = "", **context: Any
    ) -> Response[str]:
        """Return the page; `?lang=` and `?theme=` are remembered for the next one.

        `at` is the address the switches lead to, where that of a sent form would not do.
        """
        wanted = preferences(request)
        directory = self._directory(request)
        page = self._environments[directory, wanted.language].get_template(template)
        body = page.render(
            theme=wanted.theme,
            path=request.scope["path"],
            here=_Here(request, at or request.scope["path"]),
            **{**self._known(request), **context},
        )
        return Response(
            body,
            status_code=status_code,
            media_type=MediaType.HTML,
            cookies=cookies(request),
            headers={"Vary": "Accept-Language, Cookie"},
        )

    def _directory(self, request: Request[Any, Any, Any]) -> Path:
        visitor: Visitor | None = request.scope.get(VISITOR)
        return visitor.tenant.directory if visitor is not None else next(iter(self._settings))

    def _known(self, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Return what a page says of who looks at it; to strangers not even whose server this is."""
        visitor: Visitor | None = request.scope.get(VISITOR)
        if visitor is None:
            return {"stranger": True, "signed_in": False, "shop_name": "regulars"}
        return {"stranger": False, "signed_in": visitor.key is not None}

    def _environment(self, words: Words, settings: Settings) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        # Installed by the i18n extension just loaded.
        environment.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
        zone = ZoneInfo(settings.shop.time_zone)
        cast("dict[str, Any]", environment.globals).update(
            words=words,
            shop_name=settings.shop.name,
            currency=settings.shop.currency,
            zone=zone,
            segments=SEGMENTS,
            themes=THEMES,
            languages=LANGUAGES,
            static=STATIC.url,
            plotly=PLOTLY.url,
            reason=lambda reason: sentence(reason, words),
        )
        environment.filters["segment_path"] = segment_path
        return environment


def segment_path(value: str) -> str:
    """Escape an identifier as the tail of a path; slashes stay, they belong to it."""
    return quote(value, safe="/")


class _Here:
    """The address of the page being made, and of pages like it."""

    def __init__(self, request: Request[Any, Any, Any], path: str) -> None:
        self._path = quote(path, safe="/")
        self._query = [(k, v) for k, v in request.query_params.multi_items() if k not in ("lang", "theme")]

    def but(self, **changes: Any) -> str:
        """Return this address with some parameters replaced; None and '' leave one out."""
        kept = [(k, v) for k, v in self._query if k not in changes]
        pairs = kept + [(k, str(v)) for k, v in changes.items() if v is not None and v != ""]
        return f"{self._path}?{urlencode(pairs)}" if pairs else self._path
