"""Where a visitor is and how they came: places, campaigns, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from regulars.events.wire.scalars import label, number

if TYPE_CHECKING:
    from regulars.events.wire.records import WireEvent

_PAGE = (("url", "page_url"), ("title", "page_title"), ("path", "page_path"), ("referrer", "page_referrer"))
_UTM = {"utm_source": "source", "utm_medium": "channel", "utm_campaign": "campaign"}


def set_place(event: WireEvent, country: Any, region: Any, city: Any, latitude: Any, longitude: Any) -> None:
    """Set where the visitor says to be; half a pair of coordinates is nothing."""
    event.country, event.region, event.city = label(country), label(region), label(city)
    north, east = number(latitude, -90, 90), number(longitude, -180, 180)
    if north is not None and east is not None:
        event.latitude, event.longitude = north, east


def set_campaign(event: WireEvent, campaign: Any) -> None:
    """Set source, channel and campaign from Segment's `context.campaign`."""
    if type(campaign) is dict:
        event.source = label(campaign.get("source"))
        event.channel = label(campaign.get("medium"))
        event.campaign = label(campaign.get("name"))


def set_utm(event: WireEvent, properties: dict[str, Any], url: Any) -> None:
    """Set source, channel and campaign from properties or the page's address, unless they are set."""
    said = event.source or event.channel or event.campaign
    for key, name in _UTM.items():
        value = properties.pop(key, None)
        if value is not None and not said:
            setattr(event, name, label(value))
    if type(url) is not str or "utm_" not in url or event.source or event.channel or event.campaign:
        return
    for part in url.partition("?")[2].partition("#")[0].split("&"):
        key, _, value = part.partition("=")
        if key in _UTM:
            setattr(event, _UTM[key], label(unquote_plus(value)))


def set_page(properties: dict[str, Any], page: dict[str, Any]) -> None:
    """Add what `page` says of the page to the properties, under names that say so."""
    for theirs, ours in _PAGE:
        value = page.get(theirs)
        if value and type(value) is str:
            properties.setdefault(ours, value)


def move_page(properties: dict[str, Any]) -> None:
    """Rename the properties of a page event to what `set_page` calls them: each fact once."""
    for theirs, ours in _PAGE:
        value = properties.get(theirs)
        if value and type(value) is str:
            properties[ours] = properties.pop(theirs)
