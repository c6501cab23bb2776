"""The host's database behind its back: what a tamperer, or a full disk, does to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from harness.host import Host
from harness.postgres import Postgres


@dataclass
class Database:
    """Of one host; `postgres` none: SQLite."""

    host: Host
    postgres: Postgres | None

    def run(self, *statements: str) -> list[str]:
        """Runs them all; what the last one answers, a row a line."""
        found: list[str] = []
        if self.postgres is not None:
            for statement in statements:
                found = self.postgres.query(str(self.host.database_url), statement).splitlines()
            return found
        (file,) = self.host.data.glob("*.db")
        with closing(sqlite3.connect(file, timeout=20)) as connection:
            for statement in statements:
                found = ["|".join(str(value) for value in row) for row in connection.execute(statement)]
            connection.commit()
        return found

    @contextmanager
    def broken_trail(self) -> Iterator[None]:
        """Nothing can be written into the audit trail; everything else works."""
        if self.postgres is None:
            self.run("CREATE TRIGGER broken BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'no space left'); END")
        else:
            raising = "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
            self.run(
                raising + "$$ BEGIN RAISE EXCEPTION 'no space left'; END $$",
                "CREATE TRIGGER broken BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION broken()",
            )
        try:
            yield
        finally:
            self.run("DROP TRIGGER broken" + ("" if self.postgres is None else " ON audit_events"))
