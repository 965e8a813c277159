// posthog-node sends the journey in its own words, and asks for a feature flag.
import { readFileSync } from "node:fs";
import { PostHog } from "posthog-node";

const [host, key] = process.argv.slice(2);
const { anonymous, user, ...visit } = JSON.parse(readFileSync(0, "utf8"));

const client = new PostHog(key, { host, flushAt: 10, flushInterval: 500 });
client.on("error", (error) => { console.error(error); process.exitCode = 1; });
const { url, title } = visit.page.properties;
const page = { $current_url: url, title, $process_person_profile: false };
client.capture({ distinctId: anonymous, event: "$pageview", properties: page });
for (const properties of visit.views) client.capture({ distinctId: anonymous, event: "Product Viewed", properties });
client.alias({ distinctId: anonymous, alias: user });
client.identify({ distinctId: user, properties: visit.traits });
client.capture({ distinctId: user, event: "Order Completed", properties: visit.order });
client.capture({ distinctId: user, event: "Product Added", properties: visit.cart });
const flags = await client.evaluateFlags(user);
if (flags.keys.length) process.exitCode = 1;
await client.shutdown();
