"""The two public operations are those of the source document: ids, parameters, constraints, names of schemas."""

import pytest

from frontage.testing.harness import running, settings_for

from .shop import TENANTS

PARAMETERS = {
    "lat": (True, {"type": "number", "minimum": -90, "maximum": 90}),
    "lon": (True, {"type": "number", "minimum": -180, "maximum": 180}),
    "radius": (False, {"type": "number", "exclusiveMinimum": 0, "default": 50}),
    "limit": (False, {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
}
TEXT = {"type": "string"}
OPTIONAL = {"type": "string", "default": ""}
ID = {
    "type": "string",
    "format": "shortuuid",
    "minLength": 22,
    "maxLength": 22,
    "pattern": "^[23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz]{22}$",
}
SCHEMAS = {
    "LocationsResponse": (
        ["locations", "organization"],
        {
            "locations": {"type": "array", "items": {"$ref": "#/components/schemas/LocationOut"}},
            "organization": {"$ref": "#/components/schemas/OrganizationOut"},
        },
    ),
    "LocationOut": (
        ["id", "name", "address", "lat", "lon", "distance_km"],
        {
            "id": ID,
            "name": TEXT,
            "address": TEXT,
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
            "distance_km": {"type": "number", "minimum": 0},
            "phone": OPTIONAL,
            "website": OPTIONAL,
        },
    ),
    "OrganizationOut": (["id", "name"], {"id": ID, "name": TEXT}),
    "WidgetEventIn": (
        ["event"],
        {
            "event": {"$ref": "#/components/schemas/WidgetEventType"},
            "api_key": OPTIONAL,
            "referrer": OPTIONAL,
            "query": OPTIONAL,
            "location_short_id": OPTIONAL,
        },
    ),
}
EVENTS = ["get_directions_click", "location_search", "view_store_click", "widget_load"]


@pytest.fixture
async def document(sqlite_url, tmp_path):
    async with running(settings_for(sqlite_url, tmp_path), TENANTS) as platform:
        return platform.platform.document


def undescribed(schema):
    return {name: value for name, value in schema.items() if name not in {"description", "title"}}


async def test_the_document_is_that_of_the_source(document):
    nearby = document["paths"]["/locations/api/v1/public/locations"]["get"]
    events = document["paths"]["/locations/api/v1/public/widget-events"]["post"]
    assert nearby["operationId"] == "apps_locations_api_public_list_public_locations"
    assert events["operationId"] == "apps_locations_api_public_track_widget_event"
    told = {one["name"]: (one["required"], one["schema"]) for one in nearby["parameters"] if one["in"] == "query"}
    assert {name: told[name] for name in PARAMETERS} == PARAMETERS
    assert not [name for name, (required, _) in told.items() if required and name not in PARAMETERS]
    assert reference(nearby["responses"]["200"]) == "#/components/schemas/LocationsResponse"
    assert reference(events["requestBody"]) == "#/components/schemas/WidgetEventIn"
    assert events["requestBody"]["required"] is True
    assert set(events["responses"]) == {"204", "405", "413"}
    assert events["security"] == []
    schemas = document["components"]["schemas"]
    for name, (required, members) in SCHEMAS.items():
        assert schemas[name]["required"] == required
        found = {member: undescribed(schemas[name]["properties"][member]) for member in members}
        assert found == members, name
    assert sorted(schemas["WidgetEventType"]["enum"]) == EVENTS
    assert schemas["WidgetEventType"]["type"] == "string"


def reference(described):
    return described["content"]["application/json"]["schema"]["$ref"]
