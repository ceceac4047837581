"""Settings, read from the environment once and never changed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(Exception):
    """A setting is missing or contradicts another; the message names it."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over."""

    host: str = "localhost"
    port: int = 25
    username: str | None = None
    password: str | None = None
    use_tls: bool = False


@dataclass(frozen=True)
class Config:
    """Every setting there is; each is described in docs/operations.md."""

    data_dir: Path
    database_url: str
    key_store: Path
    base_url: str
    proxies: int
    secret_key: str | None
    redis_url: str | None
    mail_server: MailServer
    mail_sender: str
    mail_spool: Path | None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read the settings; one that is empty, as in a file of them, is not set."""
        environ = {name: value for name, value in environ.items() if value}
        data = Path(environ.get("DATA_DIR", "var")).absolute()
        spool = environ.get("MAIL_SPOOL")
        config = cls(
            data_dir=data,
            database_url=environ.get(
                "DATABASE_URL", f"sqlite:///{data / 'db' / 'candid360.sqlite'}"
            ),
            key_store=Path(environ.get("KEY_STORE", str(data / "keys"))).absolute(),
            base_url=environ.get("BASE_URL", "http://localhost:5000").rstrip("/"),
            proxies=_whole(environ, "PROXIES", "0"),
            secret_key=environ.get("SECRET_KEY"),
            redis_url=environ.get("REDIS_URL"),
            mail_server=_mail_server(environ),
            mail_sender=environ.get("MAIL_SENDER", "Candid360 <candid360@localhost>"),
            mail_spool=Path(spool).absolute() if spool else None,
        )
        return config.checked()

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_local(self) -> bool:
        return self.host in LOCAL_HOSTS

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def database_file(self) -> Path | None:
        """Where an embedded database lies; None where a server keeps it."""
        url = sa.make_url(self.database_url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    def checked(self) -> "Config":
        """Refuse what cannot work, and what would break the promise to the raters."""
        if not self.database_url.startswith(
            ("sqlite:///", "postgresql://", "postgresql+psycopg://")
        ):
            raise ConfigError(
                "DATABASE_URL must begin with sqlite:/// or postgresql://, which are what Candid360 knows."
            )
        if self.database_file and not self.database_file.is_absolute():
            raise ConfigError(
                f"DATABASE_URL is {self.database_url}: a path must be whole, and so begin with four "
                "slashes: sqlite:////var/lib/candid360/db/candid360.sqlite."
            )
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://")):
            raise ConfigError("REDIS_URL must begin with redis:// or rediss://.")
        if not self.is_https and not self.is_local:
            raise ConfigError(
                f"BASE_URL is {self.base_url}: off this machine it must begin with https://, "
                "because answers would travel readable."
            )
        return self

    def flask_settings(self) -> dict[str, Any]:
        """Return what Flask and its extensions want to be told."""
        url = self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return {
            # What is bound to a statement may be somebody's seat: it stays out of errors and logs.
            "SQLALCHEMY_ENGINES": {"default": {"url": url, "hide_parameters": True}},
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PREFERRED_URL_SCHEME": urlsplit(self.base_url).scheme,
            "MAX_CONTENT_LENGTH": 5 * 1024 * 1024,
            "MAIL_SERVER": self.mail_server.host,
            "MAIL_PORT": self.mail_server.port,
            "MAIL_USERNAME": self.mail_server.username,
            "MAIL_PASSWORD": self.mail_server.password,
            "MAIL_USE_TLS": self.mail_server.use_tls,
            "MAIL_DEFAULT_SENDER": self.mail_sender,
        }


def _mail_server(environ: Mapping[str, str]) -> MailServer:
    return MailServer(
        host=environ.get("MAIL_SERVER", "localhost"),
        port=_whole(environ, "MAIL_PORT", "25"),
        username=environ.get("MAIL_USERNAME"),
        password=environ.get("MAIL_PASSWORD"),
        use_tls=environ.get("MAIL_USE_TLS", "") == "1",
    )


def _whole(environ: Mapping[str, str], name: str, default: str) -> int:
    value = environ.get(name, default)
    if not value.isdecimal():
        raise ConfigError(f"{name} is {value!r}: it must be a whole number.")
    return int(value)
