"""The key store: whole or absent, for one user alone, and never where a backup of the database reaches."""

import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from assess.sums import KEY_NAME
from core.config import Config
from core.keys import KeyLostError, KeyStore, UnsafeKeyStoreError, open_key_store
from surveys.ballots.keynames import secret_names
from surveys.models import Round
from tests.conftest import OpenApp
from wsgi import create_app


def settings(data: Path, **others: str) -> Config:
    return Config.from_env({"DATA_DIR": str(data), **others})


def at(store: Path, database: Path) -> Config:
    return settings(
        database.parent, KEY_STORE=str(store), DATABASE_URL=f"sqlite:///{database / 'x.sqlite'}"
    )


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


# --- Secrets


def test_what_was_put_is_got_by_this_user_alone(store: KeyStore) -> None:
    store.put("one", b"secret")

    assert store.get("one") == b"secret"
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in store.directory.iterdir()] == [0o600]


def test_what_is_made_is_made_once_and_said(
    store: KeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is not mounted looks like a first start, and would let nobody in any more."""
    assert store.get_or_create("one") == store.get_or_create("one")

    assert len(store.get("one")) == 32
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert f"no secret 'one' in the key store {store.directory}, and one was made" in said[0]


def test_what_is_lost_is_named(store: KeyStore) -> None:
    with pytest.raises(KeyLostError, match="The key one is not in the key store"):
        store.get("one")


def test_what_is_destroyed_is_overwritten_first(store: KeyStore, tmp_path: Path) -> None:
    store.put("one", b"secret")
    kept = tmp_path / "the same blocks by another name"
    os.link(store.directory / "one", kept)

    store.destroy("one")
    store.destroy("one")

    assert not store.has("one")
    assert b"secret" not in kept.read_bytes()


# --- Where it may lie


def test_beside_the_database_it_is_safe_and_not_made_before_it_is_needed(tmp_path: Path) -> None:
    config = settings(tmp_path)

    assert open_key_store(config).directory == tmp_path / "keys"
    assert not config.key_store.exists()


@pytest.mark.parametrize(
    ("store", "database"),
    [("db", "db"), ("db/keys", "db"), ("db/a/b/keys", "db"), ("keys", "keys/db"), (".", "db")],
)
def test_one_backup_never_takes_both(tmp_path: Path, store: str, database: str) -> None:
    with pytest.raises(UnsafeKeyStoreError, match="in one folder with the database"):
        open_key_store(at(tmp_path / store, tmp_path / database))


def refusal(config: Config) -> str:
    with pytest.raises(UnsafeKeyStoreError) as refused:
        open_key_store(config)
    return str(refused.value)


def test_secrets_below_the_database_are_told_how_to_move(tmp_path: Path) -> None:
    place = tmp_path / "db" / "my keys"
    KeyStore(place).put("session", b"secret")

    said = refusal(at(place, tmp_path / "db"))

    assert said.endswith(f": mv -T '{place}' /var/lib/candid360-keys")


@pytest.mark.parametrize(
    "store",
    ["db", ".", "db/none", "db/others", "db/above", "db/above/real"],
    ids=["the folder", "one above it", "nothing", "other things", "above the real one", "that one"],
)
def test_no_move_takes_anything_else_along(tmp_path: Path, store: str) -> None:
    for folder in ("others/photographs", "above/real"):
        (tmp_path / "db" / folder).mkdir(parents=True, mode=0o700)
    (tmp_path / "db" / "x.sqlite").symlink_to(tmp_path / "db" / "above" / "real" / "y.sqlite")

    said = refusal(at(tmp_path / store, tmp_path / "db"))

    assert said.endswith("or another folder that holds nothing else.")


@pytest.mark.parametrize("name", ["database", "dbkeys"])
def test_a_name_that_only_begins_alike_is_another_place(tmp_path: Path, name: str) -> None:
    assert open_key_store(at(tmp_path / name, tmp_path / "db"))


def link_to_the_database(folder: Path) -> Config:
    (folder / "db").mkdir()
    (folder / "keys").symlink_to(folder / "db")
    return at(folder / "keys", folder / "db")


def folder_of_the_database_is_a_link(folder: Path) -> Config:
    (folder / "real" / "keys").mkdir(parents=True, mode=0o700)
    (folder / "db").symlink_to(folder / "real")
    return at(folder / "real" / "keys", folder / "db")


def database_is_a_link(folder: Path, beside: str = "real") -> Config:
    for name in ("real", "db"):
        (folder / name).mkdir()
    (folder / "db" / "x.sqlite").symlink_to(folder / "real" / "y.sqlite")
    return at(folder / beside / "keys", folder / "db")


def link_to_the_database_is_beside(folder: Path) -> Config:
    return database_is_a_link(folder, beside="db")


def folder_above_is_a_link(folder: Path) -> Config:
    (folder / "db" / "deep").mkdir(parents=True)
    (folder / "aside").symlink_to(folder / "db" / "deep")
    return at(folder / "aside" / "keys", folder / "db")


def inside_a_server(folder: Path) -> Config:
    (folder / "pg").mkdir()
    (folder / "pg" / "PG_VERSION").write_text("17\n")
    url = "postgresql://localhost/candid360"
    return settings(folder, DATABASE_URL=url, KEY_STORE=str(folder / "pg" / "x" / "keys"))


@pytest.mark.parametrize(
    "arrange",
    [
        link_to_the_database,
        folder_of_the_database_is_a_link,
        database_is_a_link,
        link_to_the_database_is_beside,
        folder_above_is_a_link,
        inside_a_server,
    ],
)
def test_no_link_leads_to_the_database(tmp_path: Path, arrange: Callable[[Path], Config]) -> None:
    with pytest.raises(UnsafeKeyStoreError, match="in one folder with the database"):
        open_key_store(arrange(tmp_path))


def test_a_server_elsewhere_is_no_matter(tmp_path: Path) -> None:
    assert open_key_store(settings(tmp_path, DATABASE_URL="postgresql://localhost/candid360"))


# --- Who may read it


@pytest.mark.parametrize("mode", [0o750, 0o710, 0o701, 0o720, 0o702])
def test_a_directory_open_to_others_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "keys"
    directory.mkdir()
    directory.chmod(mode)

    with pytest.raises(UnsafeKeyStoreError, match=f"mode {mode:o}.*: chmod go= {directory}$"):
        open_key_store(settings(tmp_path))

    assert stat.S_IMODE(directory.stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_open_to_others_is_refused(tmp_path: Path, store: KeyStore, mode: int) -> None:
    store.put("session", b"secret")
    (store.directory / "session").chmod(mode)

    with pytest.raises(UnsafeKeyStoreError, match=f"mode {mode:o}.*: chmod go= .*/keys/session$"):
        open_key_store(settings(tmp_path))


def test_what_belongs_to_somebody_else_is_refused(
    tmp_path: Path, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("session", b"secret")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(UnsafeKeyStoreError, match=f"chown {os.getuid() + 1} {store.directory}$"):
        open_key_store(settings(tmp_path))


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_folder_with_other_things_is_no_key_store(tmp_path: Path, mode: int) -> None:
    """No command is printed that would close a folder of the system, or give it away."""
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr").chmod(mode)

    said = refusal(settings(tmp_path, KEY_STORE=str(tmp_path / "usr")))

    assert said.endswith(
        "this is no key store, for it holds bin. Name a folder that holds nothing else."
    )


def test_a_file_is_no_key_store(tmp_path: Path) -> None:
    (tmp_path / "keys").touch(mode=0o600)

    with pytest.raises(UnsafeKeyStoreError, match="no directory"):
        open_key_store(settings(tmp_path))


def test_folders_in_it_are_not_ours_to_judge(tmp_path: Path, store: KeyStore) -> None:
    store.put("session", b"secret")
    (store.directory / "lost+found").mkdir(mode=0o755)
    (store.directory / ".snapshot").mkdir(mode=0o755)

    assert open_key_store(settings(tmp_path)).get("session") == b"secret"


def test_every_secret_the_program_makes_may_lie_there(tmp_path: Path, store: KeyStore) -> None:
    for name in ("session", "passwords", KEY_NAME, *secret_names(Round(id=uuid4()))):
        store.put(name, b"secret")

    assert open_key_store(settings(tmp_path))


def test_a_draft_that_was_put_in_its_place_meanwhile_is_no_fault(
    tmp_path: Path, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("session", b"secret")
    monkeypatch.setattr(
        Path, "iterdir", lambda self: iter([self / ".two.0badcafe", self / "session"])
    )
    monkeypatch.setattr(Path, "is_file", lambda _self: True)

    assert open_key_store(settings(tmp_path)).get("session") == b"secret"


# --- At the start


def test_nothing_starts_with_an_unsafe_key_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        create_app(at(tmp_path / "db" / "keys", tmp_path / "db"))

    assert ended.value.code == 3  # gunicorn starts no worker again that ends so
    assert capsys.readouterr().err.startswith("Candid360 cannot start. KEY_STORE is ")
    assert list(tmp_path.iterdir()) == []


def test_no_core_is_dumped(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)

    open_app(settings(tmp_path))

    assert limits == {resource.RLIMIT_CORE: (0, 0)}
