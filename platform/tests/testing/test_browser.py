"""The browser that tests share: real, cut off from the world, and honest about what it saw."""

import asyncio

import pytest
import pytest_asyncio

from frontage.testing.harness import listening, running, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKING = "<!doctype html><title>A shop</title><script>addEventListener('asked', e => {throw Error(e.type)})</script>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform")
    settings = settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder)
    async with running(settings, {}, candidates=[]) as platform:
        yield platform


@pytest.mark.parametrize("prefix", ["", "/edge"])
async def test_a_page_of_a_shop_asks_a_platform_that_listens(platform, visitor, website, prefix):
    """Cross-origin and by TCP, also where a proxy has the platform at a path of a larger site."""
    async with listening(platform, prefix=prefix) as url:
        page = await visitor.visit(website.put("/", ASKING))
        asked = "url => fetch(url).then(answer => answer.status)"
        assert await page.evaluate(asked, f"{url}/assets/nobody/any.js") == 404
        page = await visitor.visit(f"{url}/health/ready")
        assert '"ready"' in await page.content()
    assert visitor.errors == []


async def test_a_platform_may_come_back_where_it_was(platform, visitor, website):
    """A page can be open while the platform is away."""
    page = await visitor.visit(website.put("/", ASKING))
    asked = "url => fetch(url, {mode: 'no-cors'}).then(() => 'there', () => 'away')"
    async with listening(platform) as url:
        assert await page.evaluate(asked, f"{url}/assets/nobody/any.js") == "there"
    assert await page.evaluate(asked, f"{url}/assets/nobody/any.js") == "away"
    async with listening(platform, port=int(url.rpartition(":")[2])):
        assert await page.evaluate(asked, f"{url}/assets/nobody/any.js") == "there"


async def test_a_visitor_hears_what_pages_do_not_catch(visitor, website):
    """A test of a script can say that nothing went wrong, because it would have heard."""
    policy = {"Content-Security-Policy": "connect-src 'none'"}
    page = await visitor.visit(website.put("/", ASKING, policy))
    await page.evaluate("dispatchEvent(new Event('asked')); fetch('/').catch(() => 0)")
    await page.evaluate("fetch('/').catch(() => 0)")
    assert any("asked" in error for error in visitor.errors)
    assert any("Content Security Policy" in complaint for complaint in visitor.complaints)


async def test_a_visitor_reaches_nobody_but_this_machine(visitor, website):
    """No test depends on the world outside, and none troubles it."""
    page = await visitor.visit(website.put("/", ASKING))
    for elsewhere in ("https://wa.me/1", "http://198.51.100.7.example/"):
        with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
            await page.goto(elsewhere)


async def test_the_origins_of_a_website_differ_in_trust(visitor, website):
    """What browsers offer to secure contexts alone can be missed in a test too."""
    secure = website.put("/", ASKING)
    for url, expected in ((secure, True), (website.insecure_origin + "/", False)):
        page = await visitor.visit(url)
        assert await page.evaluate("isSecureContext") is expected


async def test_visitors_know_nothing_of_each_other(new_visitor, website):
    """Each has a profile of its own and looks like an ordinary browser, unless told otherwise."""
    first, second = await new_visitor(), await new_visitor(locale="de-DE")
    page = await first.visit(website.put("/", ASKING))
    await page.evaluate("localStorage.setItem('seen', 'yes')")
    other = await second.visit(website.origin + "/")
    assert await other.evaluate("localStorage.getItem('seen')") is None
    assert await other.evaluate("navigator.language") == "de-DE"
    assert "Headless" not in await other.evaluate("navigator.userAgent")


async def test_a_page_that_goes_says_the_same_name(visitor, website):
    """A beacon at the end names the browser as every other request does, or an ordinary visitor would end as a bot."""
    agents, heard = [], asyncio.Event()

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        agents.extend(line for line in head.decode().splitlines() if line.lower().startswith("user-agent:"))
        writer.close()
        heard.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        page = await visitor.visit(website.put("/", ASKING))
        await page.evaluate(f"onpagehide = () => navigator.sendBeacon('http://127.0.0.1:{port}/', 'x')")
        await page.goto(website.put("/other", "Other"))
        await asyncio.wait_for(heard.wait(), 60)
    assert agents
    assert not [agent for agent in agents if "Headless" in agent]


async def test_a_visitor_keeps_pictures(visitor, website, request):
    """They lie in an ignored folder, for people to look at."""
    page = await visitor.visit(website.put("/", ASKING))
    path = await visitor.keep_picture(page, "An empty shop")
    assert path.parent == request.config.rootpath / "screenshots" / "test_browser"
    assert path.read_bytes().startswith(b"\x89PNG")


async def test_the_browser_goes_back_as_browsers_do(visitor, website):
    """A page comes back from the cache of pages, where scripts sleep and wake."""
    first = "<script>addEventListener('pageshow', event => { window.returned = event.persisted })</script>"
    page = await visitor.visit(website.put("/first", first))
    await page.goto(website.put("/second", "second"))
    await page.evaluate("history.back()")
    await page.wait_for_function("window.returned", timeout=10_000)
