"""The sample tenants are right, and editors get the schema of what is installed here."""

import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from frontage.host.discovery import find_candidates
from frontage.host.loading import load_roster
from frontage.host.tenant_files import read_tenant_files
from frontage.host.tenant_schema import format_schema, tenant_schema

SAMPLES = Path(__file__).parents[1] / "tenants"


@pytest.fixture
def plugins():
    return load_roster(find_candidates()).plugins


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.toml")), ids=lambda file: file.stem)
def test_the_samples_fit_the_schema(file, plugins):
    Draft202012Validator(tenant_schema(plugins)).validate(tomllib.loads(file.read_text()))


def test_the_samples_are_right(plugins):
    assert {tenant.slug for tenant in read_tenant_files(SAMPLES, plugins)} >= {"acme", "bolt"}


def test_the_schema_beside_the_samples_is_the_generated_one(plugins):
    fix = "run: frontage tenants schema --output tenants/schema.json"
    assert (SAMPLES / "schema.json").read_text() == format_schema(tenant_schema(plugins)), fix
