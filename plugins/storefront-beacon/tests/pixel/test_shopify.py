"""shopify.js in a worker, as Shopify's sandbox runs it: what it passes on, with whose leave, and under which id."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Shopify's side of the sandbox: what its documentation promises to a pixel, and hooks for the test to play the shop.
SANDBOX = """
const subscribers = {}, kept = {}, consents = [];
let beacons = true, privacy = {analyticsProcessingAllowed: true, marketingAllowed: true};
const answer = value => new Promise(done => setTimeout(() => done(value), 5));
importScripts('%(url)s/assets/storefront-beacon/shopify.js');
self.onmessage = ({data: {start, publish, consent, beaconsWork}}) => {
  if (beaconsWork !== undefined) beacons = beaconsWork;
  if (start) frontageShopify({
    analytics: {subscribe: (name, run) => { subscribers[name] = run; }},
    browser: {
      sessionStorage: {getItem: key => answer(kept[key] || null), setItem: (key, value) => answer(kept[key] = value)},
      sendBeacon: (url, body) => beacons ? fetch(url, {method: 'POST', body, keepalive: true}).then(got => got.ok) : answer(false),
    },
    init: {customerPrivacy: Object.assign(privacy, start), data: {customer: {id: 'c-1'}}},
    customerPrivacy: {subscribe: (name, run) => consents.push(run)},
  }, {token: '%(token)s', collect: '%(url)s/beacon'});
  if (consent) consents.forEach(run => run({customerPrivacy: consent}));
  for (const event of publish || []) subscribers[event.name](Object.assign({
    clientId: 'client-1', timestamp: new Date().toISOString(),
    context: {document: {location: {href: 'https://shop.example/collections/summer%%20sale?utm_source=mail'}}},
  }, event));
  self.postMessage('done');
};
"""
VIEWED = {"id": "e-1", "name": "product_viewed", "data": {"productVariant": {"id": "112", "product": {"id": "11"}}}}
EVENTS = [
    VIEWED,
    {"id": "e-2", "name": "product_added_to_cart", "data": {"cartLine": {"quantity": 2, "merchandise": {"id": "gid://shopify/ProductVariant/112", "product": {"id": "gid://shopify/Product/11"}}}}},
    {"id": "e-3", "name": "collection_viewed", "data": {"collection": {"id": "9", "title": "Summer"}}},
    {"id": "e-4", "name": "search_submitted", "data": {"searchResult": {"query": "shoes", "productVariants": [1, 2]}}},
    {"id": "e-5", "name": "frontage:product_click", "customData": {"product_id": 11, "position": 3}},
]  # fmt: skip
ALL = {"analyticsProcessingAllowed": True, "marketingAllowed": True}
NONE = {"analyticsProcessingAllowed": False, "marketingAllowed": False}


async def sandbox(storefront):
    """A page with the worker in it; `tell` sends it what the shop does."""
    source = SANDBOX % {"url": storefront.url, "token": await storefront.shop.token()}
    storefront.website.put("/sandbox.js", source, {"Content-Type": "text/javascript"})
    page = await storefront.visitor.visit(storefront.website.put("/", "A shop"))
    await page.evaluate("""() => {
      const worker = new Worker('/sandbox.js');
      window.tell = what => new Promise(done => { worker.onmessage = done; worker.postMessage(what); }).then(() => 0);
    }""")

    async def tell(**what):
        await page.evaluate("what => tell(what)", what)

    return tell


async def test_what_it_passes_on(storefront):
    """Shopify's events with their own ids, the customer, the campaign; one session for all of them."""
    tell = await sandbox(storefront)
    await tell(start=ALL, publish=EVENTS)
    rows = {row["kind"]: row for row in await storefront.stored(5)}
    assert sorted(rows) == ["add_to_cart", "collection_view", "product_click", "product_view", "search"]
    assert (rows["product_view"]["product_id"], rows["product_view"]["variant_id"]) == (11, 112)
    assert (rows["add_to_cart"]["product_id"], rows["add_to_cart"]["contextual_data"]) == (11, {"quantity": 2})
    assert rows["collection_view"]["collection_handle"] == "summer sale"
    assert (rows["search"]["query"], rows["search"]["contextual_data"]) == ("shoes", {"results": 2})
    assert rows["product_click"]["position"] == 3
    assert {(row["device_id"], row["customer_id"], row["marketing_source"]) for row in rows.values()} == {
        ("client-1", "c-1", "mail")
    }
    assert len({row["session_id"] for row in rows.values()}) == 1


async def test_an_event_that_comes_twice(storefront):
    """Shopify's id goes along, so that a repeat counts once."""
    tell = await sandbox(storefront)
    await tell(start=ALL, publish=[VIEWED, VIEWED, {**VIEWED, "id": "e-9"}])
    again = {**VIEWED, "id": "e-last"}
    await tell(publish=[again])
    assert await storefront.kinds(3) == ["product_view"] * 3


async def test_without_leave(storefront):
    """Nothing is told before the customer agrees, and nothing after they have changed their mind."""
    tell = await sandbox(storefront)
    await tell(start=NONE, publish=EVENTS)
    await tell(consent={**NONE, "analyticsProcessingAllowed": True}, publish=[{**VIEWED, "id": "e-8"}])
    (row,) = await storefront.stored(1)
    assert (row["product_id"], row["marketing_source"]) == (11, None)
    await tell(consent=NONE, publish=EVENTS)
    await tell(consent=ALL, publish=[EVENTS[3]])
    assert await storefront.kinds(2) == ["product_view", "search"]


async def test_a_beacon_that_is_refused(storefront):
    """Where Shopify's beacon says no, a request takes its place."""
    tell = await sandbox(storefront)
    await tell(start=ALL, beaconsWork=False, publish=EVENTS)
    assert len(await storefront.kinds(5)) == 5
