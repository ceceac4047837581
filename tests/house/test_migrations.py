"""Migrations make what the models say, on both databases, go down and up, and lose no row on the way."""

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
from sqlalchemy.exc import IntegrityError

from core.db import Model, db
from core.migrations import BrokenReferencesError
from tests.conftest import POSTGRESQL, make_config, postgresql_database
from tests.factories import make_open_round
from tests.house.sources import ROOMS, ROOT, Source, read, source
from wsgi import create_app

MakeApp = Callable[..., Flask]
VERSION_TABLE = "alembic_version"
# A revision that SQLite can only do by building `person` anew, to which `leader` and others refer.
REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "planted"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("shoe_size", sa.Integer(), nullable=True))
        batch.alter_column("title", existing_type=sa.String(80), type_=sa.String(90))
    {more}


def downgrade() -> None:
    {less}
    with op.batch_alter_table("person") as batch:
        batch.alter_column("title", existing_type=sa.String(90), type_=sa.String(80))
        batch.drop_column("shoe_size")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of this test's own, since it goes up and down."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'db' / 'empty.sqlite'}"
        return
    if not POSTGRESQL:
        pytest.skip("PostgreSQL: TEST_DATABASE_URL is not set")
    with postgresql_database(POSTGRESQL) as address:
        yield address


@pytest.fixture
def make_app(url: str, tmp_path: Path) -> Iterator[MakeApp]:
    """Return a way to make the application over the empty database, with revisions from a folder."""
    made = []

    def make(revisions: Path = ROOT / "migrations") -> Flask:
        config = make_config(tmp_path / "data", url)
        app = create_app(config, TESTING=True, ALEMBIC={"script_location": str(revisions)})
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def alembic_of(app: Flask) -> Alembic:
    alembic: Alembic = app.extensions["alembic"]
    return alembic


def migrate(app: Flask, revision: str = "heads", *, down: bool = False) -> None:
    with app.app_context():
        run = alembic_of(app).downgrade if down else alembic_of(app).upgrade
        run(revision)


def schema(engine: sa.Engine) -> dict[str, Any]:
    """Describe every table as the database itself sees it, CHECK constraints too."""
    inspector = sa.inspect(engine)
    tables = [name for name in inspector.get_table_names() if name != VERSION_TABLE]
    return {
        name: {
            "columns": sorted(_column(column) for column in inspector.get_columns(name)),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "references": _sorted(inspector.get_foreign_keys(name)),
            "unique": _sorted(inspector.get_unique_constraints(name)),
            "indexes": _sorted(inspector.get_indexes(name)),
            "checks": _sorted(inspector.get_check_constraints(name)),
        }
        for name in tables
    }


def _column(column: Any) -> tuple[str, str, bool, str]:
    return column["name"], str(column["type"]), column["nullable"], str(column["default"])


def _sorted(things: list[Any]) -> list[str]:
    return sorted(repr(sorted(thing.items(), key=str)) for thing in things)


def schema_of(metadata: sa.MetaData, app: Flask) -> dict[str, Any]:
    """Describe what models make of an empty database, and empty it again."""
    with app.app_context():
        metadata.create_all(db.engine)
        described = schema(db.engine)
        metadata.drop_all(db.engine)
    return described


def schema_after_migration(app: Flask) -> dict[str, Any]:
    migrate(app)
    with app.app_context():
        return schema(db.engine)


def copy_of_models() -> sa.MetaData:
    copy = sa.MetaData()
    for table in Model.metadata.sorted_tables:
        table.to_metadata(copy)
    return copy


def test_migrations_make_what_the_models_say(make_app: MakeApp) -> None:
    app = make_app()

    assert schema_of(Model.metadata, app) == schema_after_migration(app)


@pytest.mark.parametrize("change", ["check", "column", "unique", "index", "nullable"])
def test_a_model_that_was_changed_without_a_revision_is_seen(
    make_app: MakeApp, change: str
) -> None:
    app = make_app()
    models = copy_of_models()
    seat, invitation = models.tables["seat"], models.tables["invitation"]
    if change == "check":
        check = next(c for c in seat.constraints if "declined" in str(c.name))
        seat.constraints.remove(check)
    elif change == "unique":
        unique = next(c for c in seat.constraints if isinstance(c, sa.UniqueConstraint))
        seat.constraints.remove(unique)
    elif change == "index":
        seat.indexes.pop()
    elif change == "nullable":
        invitation.c.email.nullable = False
    else:
        seat.append_column(sa.Column("answered_at", sa.DateTime()))

    assert schema_of(models, app) != schema_after_migration(app)


def test_there_is_one_head(make_app: MakeApp) -> None:
    app = make_app()
    with app.app_context():
        assert len(alembic_of(app).script_directory.get_heads()) == 1


def test_down_and_up_again_makes_the_same_tables(make_app: MakeApp) -> None:
    app = make_app()
    before = schema_after_migration(app)

    migrate(app, "base", down=True)
    with app.app_context():
        assert schema(db.engine) == {}
    assert schema_after_migration(app) == before


def furnish(app: Flask) -> None:
    """Lay rows of people, a round and its seats, which refer to one another."""
    with app.app_context():
        make_open_round(db.session, app.extensions["key_store"], peer=3)
        db.session.commit()


def rows(app: Flask) -> dict[str, int]:
    with app.app_context(), db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        tables = (sa.table(name) for name in names if name != VERSION_TABLE)
        count = sa.select(sa.func.count())
        return {t.name: connection.scalar(count.select_from(t)) or 0 for t in tables}


def lost_rows(app: Flask) -> list[str]:
    """Go down and up by every revision but the first; name the tables which have fewer rows after."""
    with app.app_context():
        revisions = [r.revision for r in alembic_of(app).script_directory.walk_revisions()]
    lost = []
    for revision, before in pairwise(revisions):
        migrate(app, revision)
        counted = rows(app)
        migrate(app, before, down=True)
        lower = rows(app)
        migrate(app, revision)
        again = rows(app)
        lost += [
            f"{revision}: {name}"
            for name in lower
            if not counted.get(name, lower[name]) == lower[name] == again[name]
        ]
        migrate(app, before, down=True)
    migrate(app)
    return lost


def test_no_revision_loses_a_row(make_app: MakeApp) -> None:
    app = make_app()
    migrate(app)
    furnish(app)

    assert lost_rows(app) == []


def plant(folder: Path, *, more: str = "pass", less: str = "pass") -> Path:
    """Return a copy of the migrations with one revision more."""
    copytree(ROOT / "migrations", folder, ignore=ignore_patterns("__pycache__"))
    head = max(path for path in folder.glob("2*.py"))
    revision = _assigned(read(ROOT / "migrations" / head.name), "revision")
    text = REBUILD.format(head=revision, more=more, less=less)
    (folder / "30000101_planted.py").write_text(text)
    return folder


def _assigned(revision: Source, name: str) -> str:
    for node in revision.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return str(ast.literal_eval(node.value))
    raise LookupError(name)


def test_rebuilding_a_table_keeps_the_rows_which_refer_to_it(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(plant(tmp_path / "revisions"))
    migrate(app)
    furnish(app)

    assert rows(app)["leader"] > 0
    assert lost_rows(app) == []


def test_a_planted_loss_of_rows_is_seen(make_app: MakeApp, tmp_path: Path) -> None:
    revisions = plant(tmp_path / "revisions", less='op.execute("DELETE FROM seat")')
    app = make_app(revisions)
    migrate(app)
    furnish(app)

    assert lost_rows(app) == ["planted: seat"]


def test_a_planted_dangling_reference_undoes_the_revision(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(plant(tmp_path / "revisions", more='op.execute("DELETE FROM leader")'))
    migrate(app, _assigned_head())
    furnish(app)
    before = rows(app)

    with pytest.raises((BrokenReferencesError, IntegrityError)):
        migrate(app)
    assert rows(app) == before


def _assigned_head() -> str:
    head = max((ROOT / "migrations").glob("2*.py"))
    return _assigned(read(head), "revision")


def test_foreign_keys_hold_again_after_a_migration(make_app: MakeApp) -> None:
    app = make_app()
    migrate(app)

    with app.app_context(), pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO account_role VALUES (:one, :two)"),
            {"one": "0" * 32, "two": "1" * 32},
        )


def imports_of_ours(revision: Source) -> list[str]:
    """Name what a revision imports of us: it must mean the same when we have long changed."""
    imported = [
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(revision.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    return [name for name in imported if name.split(".")[0] in {*ROOMS, "wsgi"}]


def test_migrations_import_nothing_of_ours() -> None:
    revisions = [read(path) for path in (ROOT / "migrations").glob("*.py")]

    assert revisions
    assert [name for revision in revisions for name in imports_of_ours(revision)] == []


@pytest.mark.parametrize("line", ["from core.db import Model", "import surveys.models as models"])
def test_a_planted_import_in_a_migration_is_seen(line: str) -> None:
    assert imports_of_ours(source("migrations/a.py", line))
