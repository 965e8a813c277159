"""Templates to pages: one environment a language, and what every page knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from regulars.web.assets import PLOTLY, STATIC
from regulars.web.preferences import THEMES, cookies, preferences
from regulars.web.reasons import SEGMENTS, sentence
from regulars.web.wording import LANGUAGES, words_of

if TYPE_CHECKING:
    from litestar import Request

    from regulars.core.settings import Settings
    from regulars.web.wording import Words

TEMPLATES = Path(__file__).parent / "dashboard" / "templates"


class Pages:
    """Renders templates in the visitor's language and theme."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environments = {language: self._environment(words_of(language)) for language in LANGUAGES}

    def render(
        self, request: Request[Any, Any, Any], template: str, *, status_code: int = 200, **context: Any
    ) -> Response[str]:
        """Return the page; `?lang=` and `?theme=` are remembered for the next one."""
        wanted = preferences(request)
        page = self._environments[wanted.language].get_template(template)
        body = page.render(
            theme=wanted.theme,
            path=request.scope["path"],
            here=_Here(request),
            **context,
        )
        return Response(
            body,
            status_code=status_code,
            media_type=MediaType.HTML,
            cookies=cookies(request),
            headers={"Vary": "Accept-Language, Cookie"},
        )

    def _environment(self, words: Words) -> Environment:
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
        zone = ZoneInfo(self.settings.shop.time_zone)
        cast("dict[str, Any]", environment.globals).update(
            words=words,
            shop_name=self.settings.shop.name,
            currency=self.settings.shop.currency,
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

    def __init__(self, request: Request[Any, Any, Any]) -> None:
        self._path = quote(request.scope["path"], safe="/")
        self._query = [(k, v) for k, v in request.query_params.multi_items() if k not in ("lang", "theme")]

    def but(self, **changes: Any) -> str:
        """Return this address with some parameters replaced; None and '' leave one out."""
        kept = [(k, v) for k, v in self._query if k not in changes]
        pairs = kept + [(k, str(v)) for k, v in changes.items() if v is not None and v != ""]
        return f"{self._path}?{urlencode(pairs)}" if pairs else self._path
