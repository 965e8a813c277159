"""rudder-sdk-python sends the journey."""

import json
import sys

from rudderstack.analytics import Client

address, key = sys.argv[1:3]
visit = json.load(sys.stdin)
anonymous, user = visit["anonymous"], visit["user"]

failures: list[object] = []
client = Client(key, host=address, on_error=lambda error, _: failures.append(error), upload_size=10)
client.page(anonymous_id=anonymous, name=visit["page"]["name"], properties=visit["page"]["properties"])
for view in visit["views"]:
    client.track(anonymous_id=anonymous, event="Product Viewed", properties=view)
client.identify(user_id=user, anonymous_id=anonymous, traits=visit["traits"])
client.track(user_id=user, event="Order Completed", properties=visit["order"])
client.track(user_id=user, event="Product Added", properties=visit["cart"])
client.flush()
client.join()
sys.exit(str(failures) if failures else 0)
