"""regulars: turns a shop's visitors into regulars.

>>> from regulars import Shop
>>> shop = Shop.open("my-shop")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulars.shop import Shop as Shop

__version__ = "0.1.0"
__all__ = ["Shop", "__version__"]


def __getattr__(name: str) -> object:
    # The facade pulls in every room: `import regulars` alone stays light.
    if name == "Shop":
        from regulars.shop import Shop

        return Shop
    raise AttributeError(f"module 'regulars' has no attribute {name!r}")
