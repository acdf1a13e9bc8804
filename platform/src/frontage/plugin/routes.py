"""Ordinary routes of plugins: Litestar's own, plus the three words without which none is mounted.

`tenant` says how the tenant is found, `limit` names the policies, `off` is the answer where the plugin is off.
"""

from collections.abc import Callable
from typing import Any

import litestar
from litestar.handlers import HTTPRouteHandler

from frontage.edge.gate import SMALL_BODY, Gate, OffAnswer, Refuse
from frontage.edge.ordinary import gated
from frontage.edge.sources import TenantSource

Decorated = Callable[[Any], HTTPRouteHandler]


def _declare(
    decorator: Callable[..., Any],
    path: str,
    *,
    tenant: TenantSource,
    limit: tuple[str, ...],
    off: OffAnswer,
    public: bool = False,
    cap: int = SMALL_BODY,
    refuse: Refuse | None = None,
    raises: tuple[int, ...] = (),
    **words: Any,
) -> Decorated:
    if not tenant.in_head:
        raise TypeError(f"{path}: an ordinary route cannot take its tenant from the body; declare it with `hot`")
    gate = Gate(tenant, tuple(limit), off, public=public, cap=cap, refuse=refuse, raises=raises)
    return gated(decorator, gate, path, words)


def get(path: str, *, tenant: TenantSource, limit: tuple[str, ...], off: OffAnswer, **words: Any) -> Decorated:
    """A route that reads."""
    return _declare(litestar.get, path, tenant=tenant, limit=limit, off=off, **words)


def post(path: str, *, tenant: TenantSource, limit: tuple[str, ...], off: OffAnswer, **words: Any) -> Decorated:
    """A route that makes something."""
    return _declare(litestar.post, path, tenant=tenant, limit=limit, off=off, **words)


def put(path: str, *, tenant: TenantSource, limit: tuple[str, ...], off: OffAnswer, **words: Any) -> Decorated:
    """A route that makes or replaces something."""
    return _declare(litestar.put, path, tenant=tenant, limit=limit, off=off, **words)


def patch(path: str, *, tenant: TenantSource, limit: tuple[str, ...], off: OffAnswer, **words: Any) -> Decorated:
    """A route that changes something."""
    return _declare(litestar.patch, path, tenant=tenant, limit=limit, off=off, **words)


def delete(path: str, *, tenant: TenantSource, limit: tuple[str, ...], off: OffAnswer, **words: Any) -> Decorated:
    """A route that removes something."""
    return _declare(litestar.delete, path, tenant=tenant, limit=limit, off=off, **words)
