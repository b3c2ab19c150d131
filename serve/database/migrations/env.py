"""What Alembic runs to migrate, on the connection it was given, inside that connection's transaction."""

from alembic import context

from serve.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
