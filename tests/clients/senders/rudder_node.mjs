// @rudderstack/rudder-sdk-node sends the journey.
import { readFileSync } from "node:fs";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [dataPlaneUrl, writeKey] = process.argv.slice(2);
const { anonymous: anonymousId, user: userId, ...visit } = JSON.parse(readFileSync(0, "utf8"));

const client = new (RudderAnalytics.default ?? RudderAnalytics)(writeKey, { dataPlaneUrl, flushAt: 10 });
client.page({ anonymousId, ...visit.page });
for (const properties of visit.views) client.track({ anonymousId, event: "Product Viewed", properties });
client.identify({ userId, anonymousId, traits: visit.traits });
client.track({ userId, event: "Order Completed", properties: visit.order });
client.track({ userId, event: "Product Added", properties: visit.cart });
await client.flush();
