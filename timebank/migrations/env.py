"""Alembic's door: runs the migrations on the connection that timebank.migrations.runner opened."""

from alembic import context

from timebank.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    version_table="schema_version",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
