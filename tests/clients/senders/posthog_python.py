"""posthog (Python) sends the journey in its own words, and asks for a feature flag."""

import json
import sys

from posthog import Posthog

address, key = sys.argv[1:3]
visit = json.load(sys.stdin)
anonymous, user = visit["anonymous"], visit["user"]

failures: list[object] = []
client = Posthog(key, host=address, on_error=lambda error, _: failures.append(error), flush_at=10)
page = {"$current_url": visit["page"]["properties"]["url"], "title": visit["page"]["properties"]["title"]}
client.capture("$pageview", distinct_id=anonymous, properties=page | {"$process_person_profile": False})
for view in visit["views"]:
    client.capture("Product Viewed", distinct_id=anonymous, properties=view)
client.alias(previous_id=anonymous, distinct_id=user)
client.set(distinct_id=user, properties=visit["traits"])
client.capture("Order Completed", distinct_id=user, properties=visit["order"])
client.capture("Product Added", distinct_id=user, properties=visit["cart"])
flags = client.evaluate_flags(user)
client.shutdown()
sys.exit(str(failures) if failures or flags.keys else 0)
