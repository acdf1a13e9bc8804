"""The operator's secret is changed: no key that is in use is lost, and the previous secret can be dropped."""

from frontage.testing.harness import running, settings_for

FIRST, SECOND = "the first secret, thirty-two characters", "the second secret, thirty-two characters"
ACME = {"acme": 'name = "Acme"\nnumber = 1\n'}


async def statuses(database_url, folder, keys, **secrets):
    """What each key gets from a platform with these secrets, from its start to its stop."""
    async with running(settings_for(database_url, folder, **secrets), ACME, []) as shop:
        asked = [await shop.client.get("/account/api/v1/whoami", headers={"X-API-Key": key}) for key in keys]
        return [answer.status_code for answer in asked]


async def test_a_changed_secret_loses_no_key_that_is_used(database_url, tmp_path):
    """Both keys answer while the previous secret is given; the one that was used answers without it, too."""
    async with running(settings_for(database_url, tmp_path, secret=FIRST), ACME, []) as shop:
        used, idle, public = [await shop.key("acme", kind) for kind in ("secret", "secret", "publishable")]
    changing = {"secret": SECOND, "previous_secret": FIRST}
    assert await statuses(database_url, tmp_path, [used, public], **changing) == [200, 200]
    assert await statuses(database_url, tmp_path, [used, idle, public], secret=SECOND) == [200, 401, 200]
    assert await statuses(database_url, tmp_path, [idle], **changing) == [200]
    assert await statuses(database_url, tmp_path, [used, idle, public], secret=SECOND) == [200, 200, 200]
