"""Rounds whose answers were collected elsewhere: the same sealing, closing, publishing and reporting."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assess.closing.rounds import close_round
from assess.scorecards.reading import round_card, round_parameters, scorecard
from assess.scorecards.types import RoundCard, Scorecard
from core import clock
from core.db import Model, prepare_sqlite
from core.errors import DomainError
from core.keys import KeyStore
from core.names import slug
from instruments.questionnaires import Instrument
from instruments.services import publish
from reports.auditing import Audited, from_rows
from reports.documents import report_pdf
from reports.exports import leader_document, round_document, to_json
from surveys.forms.answers import AnswerRow
from surveys.models import Leader, Round, Seat
from surveys.services.answers import submit
from surveys.services.keys import destroy_secrets
from surveys.services.rounds import add_leader, create_round, launch, lock_round
from surveys.services.seats import Rater, invite_all


@contextmanager
def private_folder() -> Iterator[tuple[Session, KeyStore]]:
    """Lend a database and a key store that only this user reads and that are gone afterwards."""
    with TemporaryDirectory(prefix="candid360-") as folder:
        engine = sa.create_engine(f"sqlite:///{folder}/round.sqlite")
        prepare_sqlite(engine)
        Model.metadata.create_all(engine)
        try:
            with Session(engine) as session:
                yield session, KeyStore(Path(folder) / "keys")
        finally:
            engine.dispose()


class ExposedError(DomainError):
    """In a document that is to be written, some rater cannot claim as many values as is promised."""


def score(
    rows: Sequence[AnswerRow], instrument: Instrument, *, protection: str, audited: int = 0
) -> tuple[RoundCard, list[Scorecard]]:
    """Run a whole round over collected answers and return what may be said of it.

    The documents of the first `audited` leaders are audited.

    Raises
    ------
    ExposedError
        When an audit finds cells in which a rater is exposed.
    """
    with private_folder() as (session, key_store):
        round_ = _collect(session, rows, instrument, protection=protection)
        launch(session, round_, key_store, at=clock.now())
        _submit_all(session, round_, rows, key_store)
        lock_round(session, round_, at=clock.now())
        session.flush()  # close reads the seats by statements of its own
        close_round(session, round_, key_store, at=clock.now())
        destroy_secrets(round_, key_store)
        known = round_parameters(session, round_)
        cards = [scorecard(session, leader, known=known) for leader in round_.leaders]
        _audit(from_rows(card, rows, known) for card in cards[:audited])
        return round_card(session, round_), cards


def _audit(tables: Iterable[Audited]) -> None:
    exposed = sorted({str(cell) for table in tables for cell in table.exposed()})
    if exposed:
        raise ExposedError(
            "Nothing was written: from these documents, answers to some items could be told. "
            f"{', '.join(exposed)}. That is a fault of Candid360 and none of your file: "
            "please report it with this message, and without the file."
        )


def write(
    card: RoundCard, cards: Sequence[Scorecard], folder: Path, *, with_pdf: bool
) -> Iterator[Path]:
    """Write every document of a round into a folder, and yield each as it is done."""
    yield _write(folder / "round.json", to_json(round_document(card)))
    for one in cards:
        yield _write(folder / f"{slug(one.leader)}.json", to_json(leader_document(one)))
    if with_pdf:
        yield from _write_pdfs(cards, folder)


def _collect(
    session: Session, rows: Sequence[AnswerRow], instrument: Instrument, *, protection: str
) -> Round:
    """Lay out the round that these answers come from: its leaders, and a seat for every row."""
    round_ = create_round(
        session,
        name=instrument.title,
        instrument_version=publish(session, instrument),
        deadline=clock.now() + timedelta(days=1),
        protection=protection,
    )
    for name, own in _by_leader(rows).items():
        leader = add_leader(session, round_, name=name)
        invite_all(session, leader, [Rater(row.group, name=row.rater) for row in own])
    session.flush()  # seats must have their ids before answers are sealed for them
    return round_


def _submit_all(
    session: Session, round_: Round, rows: Iterable[AnswerRow], key_store: KeyStore
) -> None:
    seats = {
        (seat.leader.name, seat.invitation.name): seat
        for seat in session.scalars(
            sa.select(Seat).join(Leader).where(Leader.round_id == round_.id)
        )
    }
    for row in rows:
        if row.sheet.ratings or row.sheet.comments:  # an empty row is somebody who did not answer
            submit(session, seats[row.leader, row.rater], row.sheet, key_store)


def _by_leader(rows: Iterable[AnswerRow]) -> dict[str, list[AnswerRow]]:
    leaders: dict[str, list[AnswerRow]] = {}
    for row in rows:
        leaders.setdefault(row.leader, []).append(row)
    return leaders


def _write_pdfs(cards: Sequence[Scorecard], folder: Path) -> Iterator[Path]:
    """Render on every core; each worker loads the typesetter once."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for card, pdf in zip(cards, pool.map(report_pdf, cards), strict=True):
            yield _write(folder / f"{slug(card.leader)}.pdf", pdf)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
