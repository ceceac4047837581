"""What a methodologist sees of a round: figures of groups, and no leader; of their own round nothing."""

import json
import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accounts.models import Account, Person, Role
from assess import sums
from assess.methodology import CLOSED_BEFORE, document, review
from assess.models import RoundParameters, SealedSums
from assess.policies import may_study
from core.keys import KeyStore
from surveys.models import Leader, Round
from tests.assess.studied import names_in, planted_round, plausible, said, together
from tests.factories import NOON, make_account, make_round
from tests.statements import counted_statements

SignIn = Callable[[Account], None]


@pytest.fixture
def round_(session: Session, key_store: KeyStore) -> Iterator[Round]:
    """Ten leaders: enough peers for components, too few clients."""
    peers, clients = plausible(10, 8), plausible(10, 1, seed=2)
    voices = together(said(peers, leaders=10), said(clients, leaders=10, group="client"))
    yield planted_round(session, key_store, voices)
    key_store.destroy(sums.KEY_NAME)


@pytest.fixture
def methodologist(session: Session, sign_in: SignIn) -> Account:
    account = make_account(session, "methodologist")
    session.commit()
    sign_in(account)
    return account


def page(client: FlaskClient, round_: Round, ending: str = "") -> str:
    answer = client.get(f"/figures/{round_.id}{ending}")
    assert answer.status_code == 200
    return answer.text


# --- Who may


PERSON = uuid4()
MATRIX = {  # roles, and whose account it is: may study a closed round in which ada is rated
    ("methodologist",): True,
    ("hr",): False,
    ("coach", "leader", "administrator", "trustee"): False,
    (): False,
}


def rated(*, closed: bool = True) -> Round:
    ada = Person(id=PERSON, email="ada@example.org")
    dates = {"launched_at": NOON, "locked_at": NOON, "closed_at": NOON if closed else None}
    return Round(leaders=[Leader(person=ada), Leader(person=None)], **dates)


def account(*roles: str, email: str = "me@example.org", person: object = None) -> Account:
    return Account(email=email, person_id=person, roles=[Role(name=name) for name in roles])


@pytest.mark.parametrize(("roles", "may"), MATRIX.items())
def test_only_methodologists_may_study_a_round(roles: tuple[str, ...], may: bool) -> None:  # noqa: FBT001 - a cell
    assert may_study(account(*roles), rated()) is may


def test_nobody_studies_a_round_that_is_not_closed() -> None:
    assert not may_study(account("methodologist"), rated(closed=False))


@pytest.mark.parametrize("who", [{"person": PERSON}, {"email": "Ada@example.org"}])
def test_nobody_studies_a_round_in_which_they_are_rated(who: dict[str, str]) -> None:
    assert not may_study(account("methodologist", **who), rated())


def test_a_rated_methodologist_finds_neither_page_nor_file_nor_entry(
    client: FlaskClient, session: Session, sign_in: SignIn, round_: Round
) -> None:
    sign_in(make_account(session, "methodologist", person=round_.leaders[0].person))
    session.commit()

    for ending in ("", ".json"):
        assert client.get(f"/figures/{round_.id}{ending}").status_code == 404
    assert str(round_.id) not in client.get("/figures").text


# --- What they see


def test_closed_rounds_are_listed(
    client: FlaskClient, session: Session, methodologist: Account, round_: Round
) -> None:
    draft = make_round(session)
    session.commit()

    listed = client.get("/figures").text

    assert f"/figures/{round_.id}" in listed
    assert str(draft.id) not in listed


def test_an_empty_list_says_what_will_be_there(client: FlaskClient, methodologist: Account) -> None:
    assert "No closed round yet" in client.get("/figures").text


def test_the_page_tells_of_groups_and_says_what_is_missing_and_why(
    client: FlaskClient, methodologist: Account, round_: Round
) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, round_)))

    assert "Not told of clients: that takes 10 leaders and 80 raters." in text
    assert "that takes 10 leaders, and 200 raters asked in one language" in text
    assert "There was no round with this questionnaire before." in text
    assert "a questionnaire of ten items" in text


@pytest.mark.parametrize("ending", ["", ".json"])
def test_nobodys_name_is_there(
    client: FlaskClient, session: Session, methodologist: Account, round_: Round, ending: str
) -> None:
    told = page(client, round_, ending)

    names = names_in(session, round_)
    assert len(names) == 40
    for name in names:
        assert not re.search(rf"\b{name}\b", told)
    for leader in round_.leaders:
        assert str(leader.id) not in told


def test_the_file_holds_what_was_sealed(
    client: FlaskClient,
    session: Session,
    key_store: KeyStore,
    methodologist: Account,
    round_: Round,
) -> None:
    told = json.loads(page(client, round_, ".json"))

    box = session.scalars(sa.select(SealedSums.box)).one()
    sealed = sums.unseal(box, key_store)["components"]["peer"]
    assert {row["competency"]: row["residual"] for row in told["components"]} == {
        key: figures["residual"] for key, figures in sealed.items()
    }
    assert told == json.loads(json.dumps(document(review(session, round_, key_store))))


def test_more_raters_are_told_to_be_more_reliable(
    session: Session, key_store: KeyStore, round_: Round
) -> None:
    row = review(session, round_, key_store).components[0]

    shares = [decision.generalizability or 0.0 for decision in row.decisions]
    assert [(d.raters, d.items) for d in row.decisions][:5] == [
        (4, 3),
        (8, 3),
        (12, 3),
        (16, 3),
        (4, 6),
    ]
    assert sorted(shares[:4]) == shares[:4]
    assert shares[5] >= shares[1]
    assert row.raters_for_70 is not None
    assert (row.raters_for_70 <= 8) == (shares[1] >= 0.70)


def test_a_figure_that_could_not_be_told_is_a_dash(
    client: FlaskClient, session: Session, methodologist: Account, round_: Round
) -> None:
    rows = session.scalars(sa.select(RoundParameters).where(RoundParameters.group == "peer"))
    for row in rows:
        row.figures = row.figures | {"icc1": None, "icc1_low": None, "icc1_high": None}
    session.commit()

    assert '<td class="number">\N{EN DASH}</td>' in page(client, round_)


def test_the_page_asks_no_more_of_the_database_for_more_leaders(
    client: FlaskClient,
    session: Session,
    key_store: KeyStore,
    methodologist: Account,
    round_: Round,
) -> None:
    other = planted_round(session, key_store, said(plausible(10, 8), leaders=10), leaders=3)
    counts = []
    for one in (round_, other):
        session.expire_all()
        with counted_statements(session) as statements:
            page(client, one)
        counts.append(len(statements))

    assert counts[0] == counts[1]


# --- Where the sums are not there


def test_a_lost_key_leaves_the_other_figures(
    client: FlaskClient, key_store: KeyStore, methodologist: Account, round_: Round
) -> None:
    key_store.destroy(sums.KEY_NAME)

    text = page(client, round_)

    assert "Reports are safe" in text
    assert "How far raters can be relied on" in text
    assert "How many raters and items" not in text


def test_a_round_closed_before_there_were_sums_says_so(
    session: Session, client: FlaskClient, methodologist: Account, round_: Round
) -> None:
    session.execute(sa.delete(SealedSums))
    session.commit()

    assert CLOSED_BEFORE in page(client, round_)


# --- The command


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["assess", "sums", *words])


def test_the_command_prints_a_table(app: Flask, session: Session, round_: Round) -> None:
    result = run(app, str(round_.id))

    assert result.exit_code == 0
    assert re.search(r"^peer +trust +80 +3 ", result.output, re.MULTILINE)
    assert re.search(
        r"^careless +from 10 leaders, 80 raters and 10 items$", result.output, re.MULTILINE
    )
    for name in names_in(session, round_):
        assert not re.search(rf"\b{name}\b", result.output)


def test_the_command_prints_the_file(
    app: Flask, session: Session, key_store: KeyStore, round_: Round
) -> None:
    told = json.loads(run(app, str(round_.id), "--json").output)

    assert told == json.loads(json.dumps(document(review(session, round_, key_store))))


def test_the_command_tells_kindly_of_a_lost_key(
    app: Flask, key_store: KeyStore, round_: Round
) -> None:
    key_store.destroy(sums.KEY_NAME)

    result = run(app, str(round_.id))

    assert result.exit_code == 0
    assert "Reports are safe" in result.output


def test_the_command_refuses_rounds_that_are_open_or_not_there(
    app: Flask, session: Session
) -> None:
    draft = make_round(session)
    session.commit()

    assert run(app, str(draft.id)).exit_code == 2
    assert "not closed yet" in run(app, str(draft.id)).stderr
    assert "There is no such round" in run(app, str(uuid4())).stderr


# --- A large round


def test_a_large_round_shows_everything(
    client: FlaskClient, session: Session, key_store: KeyStore, methodologist: Account
) -> None:
    sides = [
        said(plausible(20, 11, seed=seed), leaders=20, group=group)
        for seed, group in enumerate(("peer", "direct_report"), start=1)
    ]
    round_ = planted_round(session, key_store, together(*sides))

    text = page(client, round_)
    seen = review(session, round_, key_store)

    assert [(row.group, row.language) for row in seen.structure] == [
        ("peer", "en"),
        ("direct_report", "en"),
    ]
    assert all(row.components == 1 for row in seen.structure)
    assert len(seen.histograms) == 2
    assert [(row.reference, row.focal) for row in seen.comparisons] == [
        (("peer", "en"), ("direct_report", "en"))
    ]
    assert "component stands out from noise" in text
    assert "6 items compared" in text
    assert text.count('<svg class="columns-of"') == 12
    key_store.destroy(sums.KEY_NAME)
