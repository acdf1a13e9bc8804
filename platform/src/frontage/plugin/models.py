"""Tables of plugins: rows belong to a tenant, and a session of one tenant neither sees nor writes another's.

The exception is reference data, which says nothing of any tenant: it belongs to all of them and says so by its class.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, FromClause, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, declared_attr, mapped_column, with_loader_criteria

from frontage.base.ids import new_id
from frontage.base.tables import Table

_TENANT = "frontage_tenant"


class Model(Table):
    """A row of a tenant, with the tenant's id first in its key; it goes when the tenant goes."""

    __abstract__ = True

    @declared_attr
    def tenant_id(cls) -> Mapped[UUID]:  # noqa: N805  # SQLAlchemy calls it with the class
        """Whose row it is; filled in by the session."""
        return mapped_column(ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True, sort_order=-2)

    @declared_attr
    def id(cls) -> Mapped[UUID]:  # noqa: N805  # SQLAlchemy calls it with the class
        """The row's own id, which grows with time."""
        return mapped_column(primary_key=True, default=new_id, sort_order=-1)


class Reference(Table):
    """A row of reference data, such as a gazetteer: loaded by the operator, read for every tenant, told by none."""

    __abstract__ = True


def is_reference(table: FromClause) -> bool:
    """Whether a mapped table holds reference data."""
    mappers = Table.registry.mappers
    return any(mapper.local_table is table and issubclass(mapper.class_, Reference) for mapper in mappers)


class OtherTenantError(RuntimeError):
    """A session of one tenant was handed a row of another."""


def bind_to_tenant(session: AsyncSession, tenant_id: UUID) -> AsyncSession:
    """Let a session see and write the rows of one tenant only."""
    session.sync_session.info[_TENANT] = tenant_id
    return session


@event.listens_for(Session, "do_orm_execute")
def _filter_by_tenant(state: ORMExecuteState) -> None:
    tenant_id = state.session.info.get(_TENANT)
    if tenant_id is None or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(Model, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _stamp_tenant(session: Session, _context: Any, _instances: Any) -> None:
    tenant_id = session.info.get(_TENANT)
    if tenant_id is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, Model):
            continue
        if row.tenant_id is None:
            row.tenant_id = tenant_id
        elif row.tenant_id != tenant_id:
            raise OtherTenantError(f"a row of {type(row).__name__} belongs to another tenant")
