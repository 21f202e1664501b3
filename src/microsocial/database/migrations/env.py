"""What Alembic runs for each command: the steps that are due, in the transaction of the connection handed in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
