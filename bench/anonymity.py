"""What anonymity costs: an envelope, the gate of a leader, the audit of a report, close of 1,000 raters."""

import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from flask import Flask
from nacl.public import PrivateKey, SealedBox

from assess.publication import gate
from assess.publication.plans import plan
from assess.publication.protection import STANDARD, STRICT, Protection
from core import clock
from core.config import Config
from core.db import db
from core.jobs import run_now
from core.keys import KeyStore
from instruments.queries import shipped_instrument
from instruments.questionnaires import Instrument
from instruments.services import publish
from reports.auditing import KINDS, Audited, drawn
from surveys.ballots.opening import open_envelope
from surveys.ballots.sealing import seal
from surveys.ballots.sheets import NOT_OBSERVED, Sheet, Size
from surveys.models import Leader, Seat
from surveys.services.answers import submit
from surveys.services.rounds import add_leader, create_round, launch, lock_round
from surveys.services.seats import Rater, invite_all
from wsgi import create_app

LEADERS, RUNS, ENVELOPES = 100, 5, 500
AUDITED = {"peer": 5, "direct_report": 6, "past_direct_report": 4, "client": 5}
GROUPS = {"self": 1, "peer": 4, "direct_report": 5}
PLACE = b"p" * 32
Work = Callable[[], object]
INSTRUMENT = shipped_instrument("manager_coaching_effectiveness")
SIZE = Size(
    tuple(item.key for item in INSTRUMENT.items),
    tuple(question.key for question in INSTRUMENT.questions),
)


def a_sheet(rng: np.random.Generator, instrument: Instrument) -> Sheet:
    """Return a sheet with some items not observed and a comment on the first question."""
    values = np.clip(np.rint(rng.normal(3.8, 0.9, len(instrument.items))), 1, 5)
    seen = rng.random(len(values)) > 0.05  # noqa: PLR2004 - one answer in twenty is missing
    ratings = {
        item.key: int(value) if is_seen else NOT_OBSERVED
        for item, value, is_seen in zip(instrument.items, values, seen, strict=True)
    }
    question = instrument.questions[0].key
    return Sheet(ratings, {question: f"Comment {rng.integers(10**9)}."})


def timed(work: Work) -> float:
    """Return CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def median(work: Work) -> float:
    return statistics.median(timed(work) for _ in range(RUNS))


def envelopes() -> list[tuple[str, float, float]]:
    """Return seconds for one envelope, ours and those of libsodium alone on as many bytes."""
    sheet, key = a_sheet(np.random.default_rng(360), INSTRUMENT), PrivateKey.generate()
    public, private = bytes(key.public_key), bytes(key)
    sealed = seal(sheet, SIZE, place=PLACE, public_key=public)
    content = SealedBox(key).decrypt(sealed)
    ours: tuple[Work, ...] = (
        partial(seal, sheet, SIZE, place=PLACE, public_key=public),
        partial(open_envelope, sealed, place=PLACE, private_key=private),
    )
    bare: tuple[Work, ...] = (
        partial(SealedBox(key.public_key).encrypt, content),
        partial(SealedBox(key).decrypt, sealed),
    )
    return [
        (name, _each(work), _each(least))
        for name, work, least in zip(("seal", "open"), ours, bare, strict=True)
    ]


def _each(work: Work) -> float:
    return median(lambda: [work() for _ in range(ENVELOPES)]) / ENVELOPES


def gate_of_a_leader() -> tuple[float, float]:
    """Return seconds for the first leader of a plan, and for each further one."""
    made = plan(GROUPS, protection=STANDARD, named=frozenset({"self"}))
    judge = partial(gate.check, made, protection=STANDARD, low=1, high=5)
    first = timed(judge)
    return first, median(lambda: [judge() for _ in range(100)]) / 100


def slowest_audit(protection: Protection) -> tuple[float, str]:
    """Return seconds for auditing a report of 45 items and five groups, and the worst kind of answers."""
    raters = {"self": 1, "supervisor": 1} | AUDITED
    reports = islice(drawn(long_instrument(), raters, protection, seed=360), len(KINDS))
    return max((median(partial(nobody_exposed, audited)), kind) for kind, audited in reports)


def nobody_exposed(audited: Audited) -> None:
    assert not audited.exposed()


def long_instrument() -> Instrument:
    """Return nine competencies of five items."""
    competencies = [
        {
            "key": f"c{number}",
            "title": f"Competency {number}",
            "definition": f"What competency {number} is.",
            "items": [
                {
                    "key": f"c{number}i{item}",
                    "text": f"Does thing {item} of {number}.",
                    "self_text": f"I do thing {item} of {number}.",
                }
                for item in range(5)
            ],
        }
        for number in range(9)
    ]
    head = {"key": "long", "version": "1", "title": "A long questionnaire", "language": "en"}
    scale = {"low": 1, "high": 5, "labels": list("abcde"), "not_observed": "Not observed"}
    question = {"key": "keep", "text": "What should go on?"}
    return Instrument.from_document(
        head | {"scale": scale, "competencies": competencies, "questions": [question]}
    )


def prepared(folder: Path) -> None:
    """Lay a database with a locked round of 100 leaders and 1,000 sheets, and the keys to it."""
    app = open_app(folder)
    logging.disable()
    with app.app_context():
        app.extensions["alembic"].upgrade()
        key_store: KeyStore = app.extensions["key_store"]
        round_ = create_round(
            db.session,
            name="Bench",
            instrument_version=publish(db.session, INSTRUMENT),
            deadline=clock.now() + timedelta(days=1),
        )
        for number in range(LEADERS):
            _seat_raters(add_leader(db.session, round_, name=f"Leader {number}"))
        launch(db.session, round_, key_store, at=clock.now())
        rng = np.random.default_rng(360)
        for seat in db.session.scalars(sa.select(Seat).join(Leader)).all():
            submit(db.session, seat, a_sheet(rng, INSTRUMENT), key_store)
        lock_round(db.session, round_, at=clock.now())
        db.session.commit()
        db.engine.dispose()


def _seat_raters(leader: Leader) -> None:
    raters = [
        Rater(group, name=f"{group} {number} of {leader.name}")
        for group, size in GROUPS.items()
        for number in range(size)
    ]
    invite_all(db.session, leader, raters)


def open_app(folder: Path) -> Flask:
    return create_app(Config.from_env({"DATA_DIR": str(folder)}))


def close(folder: Path) -> tuple[float, float]:
    """Return CPU and wall seconds of closing the round, files rewritten and keys destroyed."""
    app = open_app(folder)
    with app.app_context():
        start = time.perf_counter()
        cpu = timed(lambda: run_now(["close_locked_rounds"]))
        wall = time.perf_counter() - start
        left = db.session.scalar(
            sa.select(sa.func.count()).select_from(Seat).where(Seat.envelope.is_not(None))
        )
        assert left == 0
        db.engine.dispose()
    return cpu, wall


def closes() -> tuple[float, float]:
    """Close copies of one and the same round; return the medians."""
    with tempfile.TemporaryDirectory() as name:
        prepared(Path(name) / "laid")
        copies = [Path(name) / str(run) for run in range(RUNS)]
        for copy in copies:
            shutil.copytree(Path(name) / "laid", copy)
        cpu, wall = zip(*map(close, copies), strict=True)
    return statistics.median(cpu), statistics.median(wall)


def table(rows: Sequence[tuple[str, str, str]]) -> str:
    return "\n".join(f"  {what:<48}{ours:>12}{floor:>26}" for what, ours, floor in rows)


def main() -> None:
    os.sched_setaffinity(0, {0})
    first, further = gate_of_a_leader()
    cpu, wall = closes()
    raters = LEADERS * sum(GROUPS.values())
    print(f"Anonymity, one core, median of {RUNS} runs, CPU unless said otherwise")
    print(
        table(
            [
                *(
                    (
                        f"{what} an envelope of {SIZE.bytes:,} bytes",
                        f"{ours * 1e6:,.0f} us",
                        f"{ours / bare:.1f} times libsodium",
                    )
                    for what, ours, bare in envelopes()
                ),
                *(
                    (f"audit, 45 items, {level.name}: {kind}", f"{worst:.1f} s", "at most 5 s")
                    for level in (STANDARD, STRICT)
                    for worst, kind in [slowest_audit(level)]
                ),
                ("gate, the first leader of a plan", f"{first * 1e6:,.0f} us", ""),
                ("gate, a further leader", f"{further * 1e6:,.0f} us", ""),
                (
                    f"close of {raters:,} raters, {LEADERS} leaders",
                    f"{cpu:.1f} s",
                    f"wall {wall:.1f} s",
                ),
            ]
        )
    )


if __name__ == "__main__":
    main()
