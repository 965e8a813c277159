"""How to send events, ready to be pasted: the page script, a server in Python, a server in Node."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regulars.web.wording import mark

if TYPE_CHECKING:
    from regulars.core.rights import NewKey

PAGE = """\
<script>
  window.regulars = window.regulars || function () { (regulars.q = regulars.q || []).push(arguments) };
</script>
<script async src="%(address)s/regulars.js" data-key="%(public)s"></script>

<script>
  regulars("track", "Product Viewed", { product_id: "i42", price: 4.5, currency: "EUR" });
  regulars("identify", "customer-17");
</script>"""
PYTHON = """\
# pip install segment-analytics-python
from segment.analytics import Client

client = Client("%(write)s", host="%(address)s")
client.track(
    user_id="customer-17",
    event="Order Completed",
    properties={"order_id": "o7", "currency": "EUR", "products": [{"product_id": "i42", "price": 4.5, "quantity": 2}]},
)
client.flush()"""
NODE = """\
// npm install @segment/analytics-node
import { Analytics } from "@segment/analytics-node";

const client = new Analytics({ writeKey: "%(write)s", host: "%(address)s" });
client.track({
  userId: "customer-17",
  event: "Order Completed",
  properties: { order_id: "o7", currency: "EUR", products: [{ product_id: "i42", price: 4.5, quantity: 2 }] },
});
await client.closeAndFlush();"""


class Snippet(NamedTuple):
    """A few lines to paste."""

    name: str
    title: str
    code: str


def snippets(address: str, made: NewKey | None) -> list[Snippet]:
    """Return the snippets for this server, with the key just made where it fits."""
    shown = {"public": "rg_p…", "write": "rg_w…"}
    if made is not None and made.info.role in shown:
        shown[made.info.role] = made.secret
    texts = {
        "page": (mark("From a page"), PAGE),
        "python": (mark("From a server in Python"), PYTHON),
        "node": (mark("From a server in Node"), NODE),
    }
    return [Snippet(name, title, code % {"address": address, **shown}) for name, (title, code) in texts.items()]
