"""How pixel.js delivers: in batches, when the page goes, after an outage; and always counted once."""

import asyncio

import pytest

from frontage.testing.harness import listening

from .storefront import PIXEL, sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACK = "count => { for (let n = 0; n < count; n++) frontage.pixel.track('search', {query: 'q' + n}) }"
ONE = "frontage.pixel.track('search', {query: 'one'})"


async def test_batches(storefront):
    """At most a hundred events and 60 KiB a request, as text, so that no preflight is needed."""
    page = await storefront.visit()
    requests = sent(page)
    await page.evaluate(TRACK, 250)
    rows = await storefront.stored(250)
    assert len({row["query"] for row in rows}) == 250
    await page.evaluate(
        "x => { for (let n = 0; n < 10; n++) frontage.pixel.track('search', {query: 'ä' + n, block_id: x}) }", "ß" * 200
    )
    await page.evaluate(
        "x => { for (let n = 0; n < 40; n++) frontage.pixel.track('search', {query: x + n}) }", "ß" * 900
    )
    await storefront.stored(300)
    bodies = [request.post_data_json["events"] for request in requests]
    assert max(map(len, bodies)) == 100
    assert max(len(request.post_data_buffer) for request in requests) <= 60 * 1024
    assert {request.method for request in requests} == {"POST"}
    assert {request.headers["content-type"] for request in requests} == {"text/plain;charset=UTF-8"}


async def test_a_page_that_goes(storefront):
    """What happened last is not lost: a link that leads away is a click all the same."""
    leave = storefront.website.put("/away", "Gone")
    page = await storefront.visit(f'<a data-frontage-product="1" data-frontage-position="1" href="{leave}">Go</a>')
    await storefront.stored(1)
    await page.get_by_text("Go").click()
    assert await storefront.kinds(2) == ["product_click", "product_impression"]


async def test_a_tab_that_closes(storefront):
    """Closing is leaving too."""
    page = await storefront.visit()
    await page.evaluate(ONE)
    await page.close(run_before_unload=True)
    assert await storefront.kinds(1) == ["search"]


REFUSED = [
    pytest.param("navigator.sendBeacon = () => false", id="the beacon says no"),
    pytest.param("navigator.sendBeacon = () => { throw Error('blocked') }", id="the beacon throws"),
    pytest.param("navigator.sendBeacon = undefined", id="there is no beacon"),
]


@pytest.mark.parametrize("hostile", REFUSED)
async def test_without_a_beacon(storefront, hostile):
    """A fetch that outlives the page takes its place."""
    away = storefront.website.put("/away", "Gone")
    page = await storefront.visit()
    await page.evaluate(f"() => {{ {hostile}; {ONE} }}")
    await page.goto(away)
    assert await storefront.kinds(1) == ["search"]


async def test_more_than_the_browser_takes(storefront):
    """Beacons share 64 KiB; what is beyond goes by request while the page still lives, and nothing counts twice."""
    page = await storefront.visit()
    await page.evaluate(
        "x => { for (let n = 0; n < 90; n++) frontage.pixel.track('search', {query: n + x}); dispatchEvent(new PageTransitionEvent('pagehide')) }",
        "x" * 990,
    )
    await storefront.stored(90)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await page.evaluate(ONE)
    assert len(await storefront.stored(91)) == 91


async def test_offline_and_online(storefront):
    """What happens without a network waits for it."""
    page = await storefront.visit()
    await storefront.visitor.context.set_offline(True)
    await page.evaluate(TRACK, 3)
    await page.wait_for_timeout(1500)
    assert await storefront.shop.rows() == []
    await storefront.visitor.context.set_offline(False)
    assert len(await storefront.stored(3)) == 3


async def test_a_platform_that_was_away(storefront, platform):
    """Events wait for its return, with their ids; also when the page was left meanwhile, and came back."""
    async with listening(platform) as url:
        page = await storefront.visit(src=url + PIXEL)
    await page.evaluate(TRACK, 5)
    await page.goto(storefront.website.put("/other", "Other"))
    await page.evaluate("history.back()")
    await storefront.until_there(page)
    async with listening(platform, port=int(url.rpartition(":")[2])):
        await page.evaluate(TRACK, 2)
        assert len(await storefront.stored(7)) == 7


async def test_an_answer_that_was_lost(storefront):
    """The events were stored, the page cannot know, sends again, and they count once."""
    page = await storefront.visit()
    tries, told_again = [], asyncio.Event()

    async def lose_the_first(route):
        answer = await route.fetch()
        tries.append(answer.status)
        if len(tries) == 1:
            await route.abort()
            return
        await route.fulfill(response=answer)
        told_again.set()

    await page.route("**/beacon?*", lose_the_first)
    await page.evaluate(TRACK, 4)
    await told_again.wait()
    assert tries == [204, 204]
    assert len(await storefront.stored(4)) == 4


async def test_a_page_that_comes_back(storefront):
    """What a beacon took along is sent again by a page out of the cache of pages, and counted once."""
    other = storefront.website.put("/other", "Other")
    page = await storefront.visit()
    await page.evaluate(
        "() => { window.sent = []; const real = fetch; window.fetch = (...given) => (sent.push(given[1].body), real(...given)) }"
    )
    await page.evaluate(f"() => {{ ({TRACK})(3); location = '{other}' }}")
    await page.wait_for_url(other)
    await storefront.stored(3)
    await page.evaluate("history.back()")
    await page.wait_for_function("window.sent && sent.length > 0")
    await page.evaluate(ONE)
    assert len(await storefront.stored(4)) == 4
    again = await page.evaluate("sent.flatMap(body => JSON.parse(body).events.map(event => event.query))")
    assert sorted(again) == ["one", "q0", "q1", "q2"]


async def test_a_limit_is_waited_out(new_storefront):
    """429 is no loss: the pixel comes again when the answer says so."""
    storefront = await new_storefront(head='[policies]\n"storefront-beacon.visitor" = "1;w=5"\n')
    page = await storefront.visit()
    answers = []
    page.on("response", lambda answer: answers.append(answer.status))
    for _ in range(2):
        async with page.expect_response("**/beacon?*"):
            await page.evaluate(ONE)
    assert len(await storefront.stored(2)) == 2
    assert answers[:2] == [204, 429]


async def test_what_is_refused_for_good(storefront):
    """A token that is not known is told to the developer, and not tried again."""
    page = await storefront.visitor.visit(
        storefront.website.put("/", f'<script async src="{storefront.url}{PIXEL}" data-token="cpk_x"></script>')
    )
    await storefront.until_there(page)
    requests = sent(page)
    async with page.expect_console_message(lambda message: "refused, 401" in message.text):
        await page.evaluate(ONE)
    await page.wait_for_timeout(1500)
    assert len(requests) == 1
