"""SQLModel tables, one query module per noun, Alembic migrations. No business rules but the legality of transitions."""
