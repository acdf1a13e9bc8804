"""The one Alembic environment of the platform and all plugins; `frontage.host.migrating` calls it with a connection."""

from alembic import context

unit = context.config.attributes["unit"]
connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=unit.metadata,
    version_table=unit.version_table,
    include_name=unit.includes,
    include_object=unit.owns,
    render_as_batch=connection.dialect.name == "sqlite",
    # SQLite tells UUID and JSON columns back as CHAR and TEXT, which are no differences.
    compare_type=connection.dialect.name != "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
