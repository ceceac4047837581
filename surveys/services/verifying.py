"""The promise of docs/anonymity.md, held against a live installation: what is right, wrong, and unseen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import orm

from core.config import Config
from core.keys import KeyStore, UnsafeKeyStoreError, open_key_store
from surveys.ballots.keynames import secret_names
from surveys.models import Round
from surveys.queries import traces
from surveys.services.keys import NOTHING, has_terms, loss_of
from surveys.services.terms import TermsChangedError, check_terms

RIGHT, WRONG, UNSEEN = "right", "wrong", "unseen"
WANTED = {
    "track_commit_timestamp": ({"off"}, "it would tell when each row was written"),
    "log_statement": ({"none", "ddl"}, "the server's log would tell who answered when"),
    "log_min_duration_statement": ({"-1"}, "slow statements would stand in the server's log"),
    "log_min_duration_sample": ({"-1"}, "some slow statements would stand in the server's log"),
    "log_transaction_sample_rate": ({"0"}, "some statements would stand in the server's log"),
    "log_parameter_max_length_on_error": (
        {"0"},
        "what is bound to a failing statement would stand in the server's log",
    ),
}
SNEAKING = ("auto_explain", "pgaudit")
"""Libraries which write statements into the log."""
UNSEEN_FROM_HERE = {
    "copies of the database": (
        "they lie elsewhere. They hold envelopes that nobody opens without the round's keys, and tell "
        "who had answered by then. Keep them no longer than you need them"
    ),
    "copies of the key store": (
        "a backup, a snapshot of the machine, or a disk that keeps what was overwritten may have one. "
        "It would open the envelopes in old copies of the database"
    ),
    "the logs of the proxy and of the mail server": (
        "they are not ours. Look whether the proxy leaves out raters' pages, as docs/operations.md says; "
        "the mail server knows who was reminded"
    ),
    "swap and core dumps": "answers are in memory while a round closes",
    "other machines that serve or work": "this command sees its own settings, files and key store",
    "whether this program is the published one": "whoever runs the machine can change it",
}


@dataclass(frozen=True)
class Finding:
    """One sentence, and what to do about it or why it could not be seen."""

    kind: str
    words: str
    more: str = ""


CLOSE_HAS_NOT_ENDED = Finding(
    WRONG,
    "Close has not ended: what it deletes may still be there, and nothing else can be judged yet",
    "Run `flask jobs now close_locked_rounds`, read what it says, and look again",
)


def verify(
    session: orm.Session, round_: Round, key_store: KeyStore, config: Config
) -> list[Finding]:
    """Look at everything that can be looked at from here. Nothing is changed."""
    found = [*_schema(session), *_place(config)]
    if round_.state == "closed" and not round_.is_swept:
        found += [CLOSE_HAS_NOT_ENDED]
    else:
        found += _keys(session, round_, key_store)
        found += _of_postgresql(session) if traces.is_postgresql(session) else _of_sqlite(session)
        found += _of_round(session, round_)
    return [*found, *(Finding(UNSEEN, *pair) for pair in UNSEEN_FROM_HERE.items())]


def _of_round(session: orm.Session, round_: Round) -> Iterable[Finding]:
    match round_.state:
        case "draft":
            return ()
        case "closed":
            return _closed(session, round_)
        case _:
            return _open(session, round_)


def _schema(session: orm.Session) -> Iterator[Finding]:
    yield from _judged(
        traces.strangers(session),
        right="Every table and every column is one that this program knows",
        wrong="The database holds {}, which this program does not know",
        todo="Find out who made it and what it keeps; remove it if it is about raters or answers",
    )
    yield from _judged(
        traces.traceable(session),
        right="What close leaves behind has no date, no counter and no key to a rater",
        wrong="What close leaves behind could be traced: {}",
        todo="Remove it; `flask db upgrade` says whether the tables are those of this program",
    )
    yield from _judged(
        traces.triggers(session),
        right="Nothing in the database does anything by itself when a row changes",
        wrong="The database does something by itself when a row changes: {}",
        todo="Find out who made it and what it keeps, and drop it",
    )


def _place(config: Config) -> Iterable[Finding]:
    return _judged(
        _unsafe(config),
        right="The key store lies apart from the database, and nobody else may read it",
        wrong="{}",
        todo="Put it right as it says, and think of who may have read the keys so far",
    )


def _keys(session: orm.Session, round_: Round, key_store: KeyStore) -> Iterator[Finding]:
    if round_.state == "closed":
        yield from _judged(
            [name for name in secret_names(round_) if key_store.has(name)],
            right="The round's secrets are gone from the key store",
            wrong="A secret of the round is still there: {}",
            todo="Run `flask jobs now close_locked_rounds look_after_keys`",
        )
    elif round_.state != "draft":
        if has_terms(round_, key_store):  # else they are among the secrets that are lost
            yield from _judged(
                _changed(session, round_, key_store),
                right="The round is what its raters were promised at launch",
                wrong="{}",
                todo="Close is refused until then",
            )
        lost = ["lost"] if loss_of(session, round_, key_store) != NOTHING else []
        yield from _judged(
            lost,
            right="The key store holds the secrets of the round, and they fit the database",
            wrong="A secret of the round is {}, or is not the one that the database names",
            todo=f"KEY_STORE is {key_store.directory}: point it at the right place. Where the secret is lost "
            "for good, `flask surveys reopen`",
        )


def _changed(session: orm.Session, round_: Round, key_store: KeyStore) -> list[str]:
    try:
        check_terms(session, round_, key_store)
    except TermsChangedError as error:
        return [str(error)]
    return []


def _unsafe(config: Config) -> list[str]:
    try:
        open_key_store(config)
    except UnsafeKeyStoreError as error:
        return [str(error)]
    return []


def _open(session: orm.Session, round_: Round) -> Iterator[Finding]:
    for column, sizes in traces.sizes(session, round_).items():
        yield from _judged(
            [str(len(sizes))] if len(sizes) > 1 else [],
            right=f"All {column}s of the round have one size",
            wrong=f"The {column}s of the round have {{}} sizes, and tell how much was written",
            todo="Somebody has changed rows by hand; compare the database with its backups",
        )


def _closed(session: orm.Session, round_: Round) -> Iterator[Finding]:
    yield Finding(RIGHT, "Close has done all its steps")
    left = traces.left_of(session, round_)
    yield from _judged(
        list(_rest(left)),
        right="No envelope, draft, refusal, link, count or waiting mail of the round is left",
        wrong="Of the round there is still left: {}",
        todo="Restore nothing into a closed round; tell whoever maintains this program",
    )
    yield from _judged(
        [] if left.receipts == left.seats else [f"{left.receipts} receipts for {left.seats} seats"],
        right="There are as many receipts as there were seats, so that nobody can count the sheets",
        wrong="The list of receipts could tell how many answered: {}",
        todo="Somebody has changed rows by hand; compare the database with its backups",
    )
    if traces.is_postgresql(session):
        yield from _lying(session, round_)


def _rest(left: traces.Left) -> Iterator[str]:
    for name in ("envelopes", "drafts", "declined", "links", "counts", "mails"):
        if number := getattr(left, name):
            yield f"{name} ({number})"


def _lying(session: orm.Session, round_: Round) -> Iterator[Finding]:
    """Judge PostgreSQL's own bookkeeping of the round's rows."""
    places = traces.places(session, round_)
    yield from _judged(
        [table for table, rows in places.items() if len({by for _, by in rows}) > 1],
        right="One transaction wrote all seats of the round, and one all invitations",
        wrong="Rows of {} were written by several transactions, which tells them apart",
        todo="Somebody has changed rows by hand; compare the database with its backups",
    )
    keys = {table: [key for key, _ in rows] for table, rows in places.items()}
    mixed = [table for table, lying in keys.items() if lying != sorted(lying)]
    sorting = "; ".join(f"CLUSTER {table} USING pk_{table}" for table in mixed)
    yield from _judged(
        mixed,
        right="Rows lie in the order of their random keys, not in that of answering",
        wrong="Rows of {} do not lie in the order of their keys",
        todo=f"Run `psql \"$DATABASE_URL\" -c '{sorting}'`",
    )


def _of_sqlite(session: orm.Session) -> Iterator[Finding]:
    file = traces.sqlite_file(session)
    yield from _judged(
        list(_careless(file)),
        right="SQLite overwrites what is deleted, and keeps no journal of it",
        wrong="{}",
        todo="Run `sqlite3 FILE 'PRAGMA secure_delete = ON; VACUUM'` while nothing else runs",
    )
    if file.log_bytes:
        yield Finding(
            UNSEEN,
            f"SQLite's log beside the file, {file.log_bytes} bytes",
            "it holds the work since it was last emptied. Stop server and worker, run "
            "`sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'`, and try again",
        )
    else:
        yield Finding(RIGHT, "SQLite's log beside the file is empty")


def _careless(file: traces.Sqlite) -> Iterator[str]:
    if not file.secure_delete:
        yield "SQLite does not overwrite what is deleted (secure_delete is off)"
    if file.journal_mode != "wal":
        yield f"SQLite keeps its journal in another way than this program asks: {file.journal_mode}"
    if file.has_journal:
        yield "A journal with earlier content lies beside the file"
    if file.pages_not_overwritten:
        yield f"{file.pages_not_overwritten} free pages still hold what was deleted"


def _of_postgresql(session: orm.Session) -> Iterator[Finding]:
    settings = traces.settings(session)
    yield from _judged(
        [
            f"{name} is {settings[name]}: {why}"
            for name, (wanted, why) in WANTED.items()
            if name in settings and settings[name] not in wanted
        ],
        right="PostgreSQL keeps no times of transactions and logs no statements",
        wrong="{}",
        todo="Set it back in postgresql.conf, reload, and delete the logs written so far",
    )
    if hidden := sorted(WANTED.keys() - settings.keys()):
        yield Finding(UNSEEN, ", ".join(hidden), "PostgreSQL does not show us these settings")
    yield from _judged(
        traces.followers(session),
        right="Nobody is told each change of a row: no logical slot, no publication",
        wrong="{} is told each change of a row, with what it holds",
        todo="Drop it, and delete what it has received",
    )
    yield from _libraries(session, settings)
    yield from _write_ahead(settings)


def _libraries(session: orm.Session, settings: dict[str, str]) -> Iterator[Finding]:
    loaded = [value for name, value in settings.items() if name.endswith("preload_libraries")]
    if not loaded:
        yield Finding(
            UNSEEN,
            "which libraries PostgreSQL loads",
            "only a superuser or a member of pg_read_all_settings may see it; one like auto_explain "
            "would write statements into the log",
        )
    else:
        yield from _judged(
            [name for name in SNEAKING if any(name in value for value in loaded)],
            right="PostgreSQL loads no library that writes statements into its log",
            wrong="PostgreSQL loads {}, which writes statements into its log",
            todo="Take it out of the preload libraries, restart, and delete the logs written so far",
        )
    if "pg_stat_statements" in traces.extensions(session):
        yield Finding(
            UNSEEN,
            "what pg_stat_statements has been read for",
            "it counts statements without their values; who looks often sees when somebody answers",
        )


def _write_ahead(settings: dict[str, str]) -> Iterator[Finding]:
    words = "PostgreSQL's write-ahead log"
    why = "until the server writes over it, it tells who answered when, though not what"
    if settings.get("archive_mode", "off") != "off":
        why += (
            ". It is archived as well (archive_mode): keep the archive no longer than you need it"
        )
    yield Finding(UNSEEN, words, why)


def _judged(faults: Iterable[str], *, right: str, wrong: str, todo: str) -> list[Finding]:
    """Say of each fault that it is wrong and what to do, or that all is right where there is none."""
    found = [Finding(WRONG, wrong.format(fault), todo) for fault in faults]
    return found or [Finding(RIGHT, right)]
