"""How Alembic runs the panel's migrations: on the connection that the store hands over."""

from alembic import context

from panel.store import cost_tables, health_tables, tables  # noqa: F401 - they make the schema together

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.Run.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
