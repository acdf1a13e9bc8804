"""What plugins count appears in the metrics."""

from shelf import declare

from frontage.testing.harness import running, settings_for


async def test_what_a_plugin_counts_is_in_the_metrics_by_reason(shelf, tmp_path, sqlite_url):
    candidate = shelf.put("one", declare("one", start="'frontage_one.hooks:begin'"), files={"hooks.py": COUNTING})
    async with running(settings_for(sqlite_url, tmp_path), {}, [candidate]) as platform:
        told = (await platform.client.get("/metrics")).text
    assert 'frontage_plugin_counted_total{plugin="one",reason="odd",what="things"} 3.0' in told
    assert 'frontage_plugin_counted_total{plugin="one",reason="",what="starts"} 1.0' in told


COUNTING = """
async def begin(context):
    context.count("starts")
    context.count("things", "odd")
    context.count("things", "odd", 2)
"""
