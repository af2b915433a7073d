"""Alembic's entry: runs on the connection it is given."""

from alembic import context

from cdop.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=False,
    user_module_prefix="db.",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
