"""Alembic's entry: runs on the connection that ``crm_core.schema`` hands over."""

from alembic import context

from crm_core.schema import all_metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=all_metadata(),
    user_module_prefix="",
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
