"""The key store: a directory for secrets, apart from the database and from its backups."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from core.errors import DomainError


class KeyLostError(DomainError):
    """A secret which should be here is gone. It cannot be guessed or made again."""


@dataclass(frozen=True)
class KeyStore:
    """Secrets by name, each in a file that only this user reads."""

    directory: Path

    def put(self, name: str, secret: bytes) -> None:
        """Write a secret so that it is whole or absent, whenever the power fails."""
        self._prepare()
        draft = self.directory / f".{name}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._path(name))

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise KeyLostError(
                f"The key {name} is not in the key store. Point KEY_STORE at the right one. Where it is "
                "lost, what it sealed is lost as well, and the round must be launched again."
            ) from None

    def get_or_create(self, name: str) -> bytes:
        if not self._path(name).exists():
            self.put(name, secrets.token_bytes(32))
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

    def _path(self, name: str) -> Path:
        return self.directory / name

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
