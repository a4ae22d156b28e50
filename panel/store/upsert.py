"""Writing rows that may be there already, in one statement for many, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def upsert(
    session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, replaced: Sequence[str]
) -> None:
    """Insert rows; of one whose primary key is there already, the ``replaced`` columns are written anew.

    Args:
        rows: values by column, the same columns in each.
    """
    if not rows:
        return
    where = session.connection().dialect.name
    # The bare table, not its class: the ORM would make one statement of every run of rows with the same empty columns.
    bare: Table = table.__table__  # type: ignore[attr-defined]  # made at run time
    statement: Any = (postgresql.insert if where == "postgresql" else sqlite.insert)(bare)
    keys = [column.name for column in bare.primary_key]
    changes = {name: statement.excluded[name] for name in replaced}
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changes), [dict(row) for row in rows]
    )
