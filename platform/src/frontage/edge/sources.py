"""The ways in which a route finds its tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontage.edge.call import Call
from frontage.edge.origins import origins_allow
from frontage.edge.problems import Problem
from frontage.tenants.directory import Directory
from frontage.tenants.key import Key
from frontage.tenants.tenant import Tenant

LEAKED = "A secret key was sent together with an Origin header: it has leaked into a browser. Revoke it."
FOR_BROWSERS = "This is for publishable keys; a secret key has no scope for it."
WRONG_KIND = "A publishable key cannot do this; use a secret key on a server."


@dataclass(frozen=True, slots=True)
class TenantSource:
    """How the tenant of a request is found."""

    @property
    def in_head(self) -> bool:
        """Whether the head of a request says enough, so that its body need not be decoded first."""
        return True

    def identify(self, call: Call, directory: Directory) -> None:
        """Set the call's key and tenant, or raise the problem."""
        raise NotImplementedError

    def _admit_key(self, call: Call, text: str | None, directory: Directory) -> Key:
        key = directory.find_key(text) if text else None
        if key is None:
            raise Problem("unauthorized")
        call.key, call.tenant = key, key.tenant
        _check_origin(call, key)
        # A server that calls for its visitors is held by its key's own policy, not by their addresses.
        call.relayed = key.is_secret
        return key


@dataclass(frozen=True, slots=True)
class AnyKey(TenantSource):
    """A key of either kind, with whatever scopes."""

    def identify(self, call: Call, directory: Directory) -> None:
        """Take any live key."""
        self._admit_key(call, call.header(b"x-api-key"), directory)


@dataclass(frozen=True, slots=True)
class SecretKey(TenantSource):
    """A secret key with a scope, from a server."""

    scope: str

    def identify(self, call: Call, directory: Directory) -> None:
        """Take a secret key with the scope."""
        key = self._admit_key(call, call.header(b"x-api-key"), directory)
        if not key.is_secret:
            raise Problem("forbidden", WRONG_KIND)
        _check_scope(key, self.scope)


@dataclass(frozen=True, slots=True)
class PublishableKey(TenantSource):
    """A publishable key, by header or `?key=`; or a secret one with `secret_scope`, server to server."""

    secret_scope: str | None = None
    scope: str | None = None

    def __call__(self, *, secret_scope: str | None = None, scope: str | None = None) -> "PublishableKey":
        """The same source with scopes: `publishable_key(secret_scope="places:read")`."""
        return PublishableKey(secret_scope, scope)

    def identify(self, call: Call, directory: Directory) -> None:
        """Take a publishable key, or a secret one that has the scope for it."""
        text = call.header(b"x-api-key")
        if text is None and b"key=" in call.scope["query_string"]:
            text = _key_of_query(call)
        key = self._admit_key(call, text, directory)
        if key.is_secret:
            if self.secret_scope is None:
                raise Problem("forbidden", FOR_BROWSERS)
            _check_scope(key, self.secret_scope)
        elif self.scope is not None:
            _check_scope(key, self.scope)


@dataclass(frozen=True, slots=True)
class Token(TenantSource):
    """A publishable key under another name: a header, else a query parameter, else X-API-Key."""

    header: str
    query: str
    scope: str

    def identify(self, call: Call, directory: Directory) -> None:
        """Take a publishable key with the scope; a secret one is as unknown as any other text."""
        text = call.header(self.header.lower().encode()) or call.query.get(self.query) or call.header(b"x-api-key")
        key = directory.find_key(text) if text else None
        if key is None or key.is_secret:
            raise Problem("unauthorized")
        call.key, call.tenant = key, key.tenant
        _check_origin(call, key)
        _check_scope(key, self.scope)


@dataclass(frozen=True, slots=True)
class InBody(TenantSource):
    """A member of the body names the tenant; unknown ones fill `unknown_limit` together when there is one."""

    member: str
    slug_only: bool = False
    unknown_limit: str | None = None

    @property
    def in_head(self) -> bool:
        """The body names the tenant."""
        return False

    def find(self, call: Call, body: object, directory: Directory) -> Tenant | None:
        """The tenant that the body names; a secret key of the same tenant makes the caller its relay."""
        value = body.get(self.member) if isinstance(body, Mapping) else getattr(body, self.member, None)
        tenant = directory.find_tenant_by_slug(value) if self.slug_only else directory.find_tenant(value)
        if tenant is not None and b"x-api-key" in call.headers and b"origin" not in call.headers:
            key = directory.find_key(call.header(b"x-api-key") or "")
            call.relayed = key is not None and key.is_secret and key.tenant is tenant
        call.tenant = tenant
        return tenant


@dataclass(frozen=True, slots=True)
class InPath(TenantSource):
    """A part of the path names the tenant: for links that people follow."""

    part: str

    def identify(self, call: Call, directory: Directory) -> None:
        """Take an active tenant."""
        parameters: Mapping[str, Any] = call.scope.get("path_params", {})
        call.tenant = directory.find_tenant(parameters.get(self.part))
        if call.tenant is None:
            raise Problem("not_found")


@dataclass(frozen=True, slots=True)
class Nobody(TenantSource):
    """No tenant: the route serves everyone alike."""

    def identify(self, call: Call, directory: Directory) -> None:
        """Nobody is asked for."""


def _key_of_query(call: Call) -> str | None:
    # Reads alone need no preflight, and a secret key would stand in every log on its way.
    text = call.query.get("key", "")
    return text if call.scope["method"] in {"GET", "HEAD"} and text.startswith("cpk_") else None


def _check_origin(call: Call, key: Key) -> None:
    origin = call.header(b"origin")
    if key.is_secret:
        if origin is not None:
            raise Problem("forbidden", LEAKED)
    elif key.origins and not origins_allow(key.origins, origin):
        raise Problem("forbidden", "This key does not allow requests from this origin.")


def _check_scope(key: Key, scope: str | None) -> None:
    if scope is not None and scope not in key.scopes:
        raise Problem("forbidden", f"This key lacks the scope {scope}.")


def describe(source: TenantSource) -> dict[str, Any]:
    """What the OpenAPI document says of a source under `x-tenant-scope`."""
    names = {
        AnyKey: "key",
        SecretKey: "secret-key",
        PublishableKey: "publishable-key",
        Token: "token",
        InBody: "body",
        InPath: "path",
    }
    described: dict[str, Any] = {"source": names.get(type(source), "public")}
    for name in ("scope", "secret_scope", "member", "part"):
        if value := getattr(source, name, None):
            described[name] = value
    return described
