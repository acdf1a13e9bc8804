"""Whom a request names: every form in the contract's order, and nothing else."""

from uuid import UUID

import pytest

from frontage.base.ids import to_short
from frontage.tenants.models import TenantRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

DARK = "WmsG2qe2XXxacqiqo2MfnY"


async def named(shop, reference):
    return await shop.client.post("/probe/v1/named", json={"tenant_id": reference})


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda tenant: tenant.number, id="integer"),
        pytest.param(lambda tenant: str(tenant.number), id="digits"),
        pytest.param(lambda tenant: f"{tenant.number:018}", id="eighteen digits"),
        pytest.param(lambda tenant: to_short(tenant.id), id="shortuuid"),
        pytest.param(lambda tenant: str(tenant.id), id="UUID"),
        pytest.param(lambda tenant: str(tenant.id).upper(), id="UUID in capitals"),
        pytest.param(lambda tenant: tenant.slug, id="slug"),
    ],
)
async def test_a_tenant_is_found_by_each_of_its_names(shop, form):
    """All forms are taken wherever a contract says tenant."""
    answer = await named(shop, form(shop.tenant("acme")))
    assert (answer.status_code, answer.json()["tenant"]) == (200, "acme")


INVALID = [
    pytest.param(True, id="true, which Python takes for 1"),
    pytest.param(False, id="false"),
    pytest.param(7.0, id="a float that is the number of a tenant"),
    pytest.param(7.5, id="a float"),
    pytest.param([7], id="a list"),
    pytest.param([], id="an empty list"),
    pytest.param({"id": 7}, id="an object"),
    pytest.param({}, id="an empty object"),
    pytest.param(None, id="null, which is absent"),
    pytest.param(2**70, id="an integer beyond 64 bits"),
]
UNKNOWN = [
    pytest.param(-7, id="a negative integer"),
    pytest.param(10**18, id="nineteen digits as an integer"),
    pytest.param("0" * 18 + "7", id="nineteen digits"),
    pytest.param("+7", id="digits with a sign"),
    pytest.param("7 ", id="digits and a space"),
    pytest.param("\u0667", id="digits of another script"),
    pytest.param("", id="an empty text"),
    pytest.param("z" * 22, id="22 characters that overflow 128 bits"),
    pytest.param("2" * 22, id="the nil UUID"),
    pytest.param("oZEq7ovRbLq6UnGMPwc8B5", id="the greatest UUID"),
    pytest.param("oZEq7ovRbLq6UnGMPwc8B6", id="the greatest UUID and one"),
    pytest.param("2" * 21, id="a character less than an id"),
    pytest.param("2" * 23, id="a character more than an id"),
    pytest.param("Acme", id="a slug in capitals"),
    pytest.param("acme\n", id="a slug and a line break"),
    pytest.param("track", id="a reserved slug"),
    pytest.param("dark", id="a suspended tenant by slug"),
    pytest.param(9, id="a suspended tenant by number"),
    pytest.param(DARK, id="a suspended tenant by id"),
]


@pytest.mark.parametrize("reference", INVALID)
async def test_what_is_no_name_is_invalid(shop, reference):
    """A bool, float, list or object is invalid, and told as a wrong member of the body."""
    answer = await named(shop, reference)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["tenant_id"]


@pytest.mark.parametrize("reference", UNKNOWN)
async def test_what_names_nobody_is_not_found(shop, reference):
    """Whatever a text or an integer says, it is found or it is not; nothing is a failure."""
    answer = await named(shop, reference)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "not_found")


async def test_a_member_for_slugs_takes_nothing_else(shop):
    """`tenant_slug` takes a slug only."""
    tenant = shop.tenant("acme")
    names = ["acme", tenant.number, str(tenant.number), to_short(tenant.id), str(tenant.id)]
    answers = [await shop.client.post("/probe/v1/slugged", json={"tenant_slug": name}) for name in names]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 404]


async def test_a_braced_or_unhyphenated_uuid_names_nobody(shop):
    """Python's UUID() takes forms that the contract does not."""
    tenant_id = shop.tenant("acme").id
    for text in (f"{{{tenant_id}}}", tenant_id.hex, tenant_id.urn, str(tenant_id).replace("-", "_")):
        assert (await named(shop, text)).status_code == 404, text


async def test_ids_come_out_as_22_characters_and_go_in_as_either_form(stored_shop):
    """An id on output is the shortuuid of the row's UUID; on input both forms are taken."""
    key = await stored_shop.key("acme", scopes=("kitchen:read", "kitchen:write"))
    headers = {"X-API-Key": key}
    made = await stored_shop.client.post("/kitchen/api/v1/dishes", json={"name": "Ids", "price": 1}, headers=headers)
    short = made.json()["id"]
    assert len(short) == 22
    long = UUID(int=_decoded(short))
    for text in (short, str(long), str(long).upper()):
        found = await stored_shop.client.get(f"/kitchen/api/v1/dishes/{text}", headers=headers)
        assert (found.status_code, found.json()["id"]) == (200, short), text
    for text in ("z" * 22, "2" * 22, short[:-1], short + "2", long.hex, "7", "%00", "%FF"):
        found = await stored_shop.client.get(f"/kitchen/api/v1/dishes/{text}", headers=headers)
        assert found.status_code == 404, text


def _decoded(short: str) -> int:
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for character in short:
        number = number * 57 + alphabet.index(character)
    return number


async def test_the_tenant_of_a_file_keeps_the_id_of_the_contracts_vector(shop):
    """`a1b2c3d4-e5f6-7890-abcd-ef1234567890` is `WmsG2qe2XXxacqiqo2MfnY`."""
    async with shop.database.reading() as session:
        found = await session.get(TenantRow, UUID("a1b2c3d4-e5f6-7890-abcd-ef1234567890"))
    assert (found.slug, to_short(found.id)) == ("dark", DARK)


async def test_a_suspended_tenant_takes_its_keys_with_it(stored_shop):
    """A suspended tenant is unknown everywhere and its keys answer 401, byte for byte as an unknown key does."""
    key = await stored_shop.key("dark")
    refused = await stored_shop.client.get("/account/api/v1/whoami", headers={"X-API-Key": key})
    assert refused.status_code == 401
    assert (await named(stored_shop, "dark")).status_code == 404
