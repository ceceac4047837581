"""What others call anonymous: raters in one table, answers in another, random ids, no key between them.

It is planted to show that the attacks work.
"""

import random
from uuid import uuid4

import sqlalchemy as sa

from tests.journeys.linkage.evidence import Dump, Evidence, Tables, Truth, dump, text_dump
from tests.journeys.linkage.logs import spy_on

TOKENS = Tables("token", "person", "used", "response", "text")
"""A flag in the table of tokens says who has used theirs."""
VOTERS = Tables("voter", "person", "1", "response", "text")
"""A row in a list says who has voted."""
METADATA = sa.MetaData()
TOKEN = sa.Table(
    "token",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True, default=uuid4),
    sa.Column("person", sa.String(32)),
    sa.Column("used", sa.Boolean, default=False),
)
VOTER = sa.Table(
    "voter",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True, default=uuid4),
    sa.Column("person", sa.String(32)),
)
RESPONSE = sa.Table(
    "response",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True, default=uuid4),
    sa.Column("text", sa.Text),
)


def lived(engine: sa.Engine, tables: Tables, *, apart: bool) -> tuple[Truth, Evidence]:
    """Let ten people answer, one a day, in one transaction or in two that follow each other."""
    METADATA.create_all(engine)
    people = [uuid4().hex for _ in range(10)]
    with engine.begin() as connection:
        connection.execute(sa.insert(TOKEN), [{"person": person} for person in people])
    spy, nights = spy_on(engine, tables), [dump(engine)]
    if spy:
        spy.look()
    said = {}
    for person in random.Random(7).sample(people, len(people)):  # noqa: S311 - a test that can be repeated
        said[person] = uuid4().hex
        _submit(engine, person, said[person], apart=apart)
        if spy:
            spy.look()
        nights.append(dump(engine))
    if spy:
        spy.close()
    truth = Truth(said, {"round": list(said)}, {})
    return truth, _evidence(engine, truth, nights, spy.seen if spy else None)


def _submit(engine: sa.Engine, person: str, mark: str, *, apart: bool) -> None:
    with engine.connect() as connection:
        connection.execute(sa.update(TOKEN).where(TOKEN.c.person == person).values(used=True))
        connection.execute(sa.insert(VOTER).values(person=person))
        if apart:
            connection.commit()
        connection.execute(sa.insert(RESPONSE).values(text=f"I remember {mark} well."))
        connection.commit()


def _evidence(
    engine: sa.Engine, truth: Truth, nights: list[Dump], log: list[str] | None
) -> Evidence:
    return Evidence(
        asked=dict.fromkeys(truth.said, "round"),
        rounds=dict.fromkeys(truth.said, "round"),
        texts=dict.fromkeys(truth.said.values(), "round"),
        nights=nights[:-1],
        after=nights[-1],
        text_dump=text_dump(engine),
        log=log,
    )
