"""Looking for planted answers and secrets wherever something is kept, however it is written there."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pikepdf
import sqlalchemy as sa

from tests.journeys.disk import Places, relations

UNESCAPED = ("", "/", "!$'()*,/:;?@")
"""What various programs leave as it is in an address."""
WRITES = os.O_WRONLY | os.O_RDWR


def sightings(canaries: Mapping[str, bytes], places: Places) -> set[str]:
    """Return which canary was seen where."""
    return _seen({name: writings(value) for name, value in canaries.items()}, places)


def plain_sightings(canaries: Mapping[str, bytes], places: Places) -> set[str]:
    """Do the same in files so large that a canary is looked for only as it is, and in hex."""
    ways = {name: {value, value.hex().encode()} for name, value in canaries.items()}
    return _seen(ways, places)


def _seen(ways: Mapping[str, set[bytes]], places: Places) -> set[str]:
    return {
        f"{name} in {place}"
        for name, written in ways.items()
        for place, content in places.items()
        if any(one in content for one in written)
    }


def writings(value: bytes) -> set[bytes]:
    """Return a value in every way in which it might be written down."""
    text = value.decode("utf-8", "replace")
    plain = {value, value.hex().encode(), value.hex().upper().encode(), repr(value)[2:-1].encode()}
    escaped = {json.dumps(text)[1:-1], escape(text)}
    escaped |= {write(value, safe) for write in (quote, quote_plus) for safe in UNESCAPED}
    wide = {text.encode("utf-16-le"), text.encode("utf-16-be")} if text.isprintable() else set()
    return plain | {one.encode() for one in escaped} | wide | set(_in_base64(value))


def _in_base64(value: bytes) -> Iterator[bytes]:
    """Yield what is the same of a value in base64 wherever in a longer text it begins."""
    for before in range(3):
        begun, ended = -(-before * 4 // 3), (before + len(value)) // 3 * 4
        written = base64.b64encode(b"\0" * before + value)[begun:ended]
        yield from (written, written.translate(bytes.maketrans(b"+/", b"-_")))


def files(folder: Path) -> Places:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mail(raw: bytes) -> bytes:
    """Return a mail as it lies there, and as it is read."""
    message = message_from_bytes(raw, policy=default)
    body = message.get_body(("plain",))
    return raw + (body.get_content().encode() if body else b"")


def document(pdf: bytes) -> bytes:
    """Return a PDF with its streams unpacked."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        unpacked = BytesIO()
        opened.save(
            unpacked,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return unpacked.getvalue()


def database(engine: sa.Engine, folder: Path) -> Places:
    """Return all that the database keeps, and a backup of it by its own means."""
    if engine.dialect.name == "sqlite":
        return _sqlite(engine, folder)
    return {**relations(engine, "pages"), **_copied(engine), **_dumped(engine)}


def _sqlite(engine: sa.Engine, folder: Path) -> Places:
    file = Path(engine.url.database or "")
    copy = folder / "backup.sqlite"
    with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    target.close()
    backup = copy.read_bytes()
    copy.unlink()
    return {
        **{f"the database's {name}": c for name, c in files(file.parent).items()},
        "a backup": backup,
    }


def _copied(engine: sa.Engine) -> Places:
    names = sa.inspect(engine).get_table_names()
    connection: Any = engine.raw_connection()
    try:
        copied = {}
        for name in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT (FORMAT BINARY)') as copy:
                copied[f"a copy of {name}"] = b"".join(map(bytes, copy))
        return copied
    finally:
        connection.close()


def _dumped(engine: sa.Engine) -> Places:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(["pg_dump", url], check=True, capture_output=True)  # noqa: S603, S607 - our own database; the path is the system's
    return {"a dump": dump.stdout}


class TemporaryFiles:
    """Notes which files this process writes in the system's place for temporary ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.written: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(self.folder) and arguments[2] & WRITES:
            self.written.append(str(arguments[0]))


def together(lines: Iterable[str]) -> bytes:
    return "\n".join(lines).encode()
