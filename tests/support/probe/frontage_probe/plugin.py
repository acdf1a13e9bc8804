"""The declaration."""

from frontage.plugin import ADDRESS, TENANT, Plugin, Policy

plugin = Plugin(
    slug="probe",
    title="Probe",
    paths=("/probe/v1",),
    policies={"visitor": Policy("2;w=60", per=(TENANT, ADDRESS)), "unknown": Policy("3;w=60", per=())},
    scopes={"probe:read": "Read what reached the probe."},
    routes="frontage_probe.routes:routes",
)
