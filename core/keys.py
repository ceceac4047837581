"""The key store: a directory for secrets, apart from the database and from its backups."""

import logging
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from core.config import Config, ConfigError
from core.errors import DomainError

logger = logging.getLogger(__name__)

OTHERS = 0o077
"""What a mode may not hold: group and others read, write or search."""
ELSEWHERE = "/var/lib/candid360-keys"
"""A place of its own, as docs/operations.md has it."""
KEPT = re.compile(r"session|passwords|sums|round-.*|lost\+found|\..*")
"""What a key store may hold; a disk of its own brings a lost+found, a shared one hidden files."""


class UnsafeKeyStoreError(ConfigError):
    """The key store lies where its secrets would not stay secret."""


class KeyLostError(DomainError):
    """A secret which should be here is gone. It cannot be guessed or made again."""


@dataclass(frozen=True)
class KeyStore:
    """Secrets by name, each in a file that only this user reads."""

    directory: Path

    def put(self, name: str, secret: bytes) -> None:
        """Write a secret so that it is whole or absent, whenever the power fails."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.directory / f".{name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._path(name))
        self._keep_names()

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise KeyLostError(
                f"The key {name} is not in the key store. Nothing was changed. Whoever runs this server "
                "must point KEY_STORE at the right place. Where a round's key is lost, what it sealed "
                "is lost as well: HR can open the round again for answers."
            ) from None

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def get_or_create(self, name: str) -> bytes:
        """Return a secret that is made once, and say so then: a missing disk looks like a first time."""
        if not self.has(name):
            self.put(name, secrets.token_bytes(32))
            logger.warning(
                "There was no secret '%s' in the key store %s, and one was made. The first time that is "
                "right; later it means that KEY_STORE must name another place.",
                name,
                self.directory,
            )
        return self.get(name)

    def destroy(self, name: str) -> None:
        """Overwrite and remove a secret; one that is gone already is no fault."""
        path = self._path(name)
        if not path.exists():
            return
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        self._keep_names()

    def _path(self, name: str) -> Path:
        return self.directory / name

    def _keep_names(self) -> None:
        """See that what was written or removed is so after a power failure too."""
        directory = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def open_key_store(config: Config) -> KeyStore:
    """Return the key store the settings name.

    Raises
    ------
    UnsafeKeyStoreError
        Where a backup of the database would take the secrets along, or somebody else could read them.
        Nothing is put right in silence: who has read what lay open so far only the operator can judge.
    """
    _check_place(config.key_store, config.database_file)
    if config.key_store.exists():
        _check_readers(config.key_store)
    return KeyStore(config.key_store)


def _check_place(directory: Path, database: Path | None) -> None:
    place = directory.resolve()
    folders = [folder for folder in (place, *place.parents) if (folder / "PG_VERSION").exists()]
    if database:
        beside = (database.parent.resolve(), database.resolve().parent)
        folders += [f for f in beside if place.is_relative_to(f) or f.is_relative_to(place)]
    if folders:
        raise UnsafeKeyStoreError(
            f"KEY_STORE is {directory}: it lies in one folder with the database ({folders[0]}), and a "
            f"backup of one would take the other along. Set KEY_STORE={ELSEWHERE}, or another folder "
            f"that holds nothing else.{_move(place, folders)}"
        )


def _move(place: Path, folders: list[Path]) -> str:
    """Say how the secrets go elsewhere, where that takes nothing else along."""
    if not place.is_dir() or any(folder.is_relative_to(place) for folder in folders):
        return ""
    if _stranger(place):
        return ""
    return f" What is there already moves by: mv -T {quote(str(place))} {ELSEWHERE}"


def _stranger(directory: Path) -> Path | None:
    """Return something in a directory that no key store holds, as far as we may look."""
    if not os.access(directory, os.R_OK | os.X_OK):
        return None
    return next((path for path in directory.iterdir() if not KEPT.fullmatch(path.name)), None)


def _check_readers(directory: Path) -> None:
    if not directory.is_dir():
        raise UnsafeKeyStoreError(f"KEY_STORE is {directory}: this is no directory. Name another.")
    if stranger := _stranger(directory):
        raise UnsafeKeyStoreError(
            f"KEY_STORE is {directory}: this is no key store, for it holds {stranger.name}. Name a folder "
            "that holds nothing else."
        )
    _check_reader(directory)
    for path in directory.iterdir():
        if path.is_file():
            _check_reader(path)


def _check_reader(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return  # a draft which another worker has put in its place just now
    if found.st_uid != os.geteuid():
        raise UnsafeKeyStoreError(
            f"The key store is not ours: {path} belongs to user {found.st_uid}, and user {os.geteuid()} "
            f"runs this. Run it as that user, or hand it over: chown {os.geteuid()} {quote(str(path))}"
        )
    if found.st_mode & OTHERS:
        raise UnsafeKeyStoreError(
            f"The key store lies open: others on this machine may use {path} (mode "
            f"{found.st_mode & 0o777:o}). Close it: chmod go= {quote(str(path))}"
        )
