"""HR's pages of a draft: who is rated, and by whom."""

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue

from accounts.models import Person
from accounts.queries import people, person_by_email, reporting_lines
from accounts.sign_in import current_account
from core import clock
from core.db import db
from core.errors import NotFoundError
from surveys.forms.rounds import GuestForm, LeadersForm, RaterForm, candidates
from surveys.models import Leader, Round
from surveys.policies import may_have_rated
from surveys.queries.rounds import seats_at
from surveys.routes.rounds import WrongFormError, done, filled, hr, managed, tells
from surveys.services.rounds import add_leaders, remove_leader
from surveys.services.seats import invite, propose_for_all, uninvite

bp = Blueprint("seats", __name__, url_prefix="/rounds/<uuid:round_id>")


def led(round_id: UUID, leader_id: UUID) -> Leader:
    for leader in managed(round_id).leaders:
        if leader.id == leader_id:
            return leader
    raise NotFoundError("There is no such leader in this round.")


@bp.get("/leaders")
@hr
def choose_leaders(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    search = request.args.get("search", "")
    found = candidates(
        ratable(round_),
        reporting_lines(db.session),
        on=clock.today(),
        search=search,
        everybody=bool(request.args.get("everybody")),
    )
    return render("rounds/choose.html", round=round_, candidates=found, search=search)


@bp.post("/leaders")
@hr
@tells
def choose(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    offered = {str(person.id): person for person in ratable(round_)}
    form = LeadersForm()
    form.offer(offered.values())
    if not form.validate_on_submit():
        return again(round_)
    add_leaders(db.session, round_, [offered[person] for person in form.people.data or ()])
    db.session.commit()
    return done(
        "The leaders are added. Now choose who is asked about them.",
        "rounds.show",
        round_id=round_id,
    )


def again(round_: Round) -> ResponseReturnValue:
    """Go back to the choice of leaders as it was searched."""
    flash("Nobody was added. Choose at least one person of this list.", "look")
    searched = urlencode({name: request.args.get(name, "") for name in ("search", "everybody")})
    return redirect(f"{url_for('.choose_leaders', round_id=round_.id)}?{searched}")


def ratable(round_: Round) -> list[Person]:
    """Return whom HR may add: not those who are in, and nobody themselves."""
    account, rated = current_account(), {leader.person_id for leader in round_.leaders}
    return [
        person
        for person in people(db.session)
        if person.id not in rated and may_have_rated(account, person)
    ]


@bp.post("/propose")
@hr
@tells
def propose(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    propose_for_all(db.session, round_.leaders, on=clock.today())
    db.session.commit()
    words = "Raters are proposed from the reporting lines. Look at each table, and change what does not fit."
    return done(words, "rounds.show", round_id=round_id)


@bp.get("/leaders/<uuid:leader_id>")
@hr
def leader(round_id: UUID, leader_id: UUID) -> ResponseReturnValue:
    one = led(round_id, leader_id)
    return render(
        "rounds/leader.html",
        round=one.round,
        leader=one,
        seats=seats_at(db.session, one),
        people=people(db.session),
        rater=RaterForm(formdata=None),
        guest=GuestForm(formdata=None),
    )


@bp.post("/leaders/<uuid:leader_id>/remove")
@hr
@tells
def remove(round_id: UUID, leader_id: UUID) -> ResponseReturnValue:
    one = led(round_id, leader_id)
    words = f"{one.name} is no longer rated in this round."
    remove_leader(db.session, one)
    db.session.commit()
    return done(words, "rounds.show", round_id=round_id)


@bp.post("/leaders/<uuid:leader_id>/raters")
@hr
@tells
def add_rater(round_id: UUID, leader_id: UUID) -> ResponseReturnValue:
    one = led(round_id, leader_id)
    form = filled(RaterForm())
    person = person_by_email(db.session, form.email.data or "")
    if person is None:
        raise WrongFormError("Nobody in the directory has this address. Add them from outside.")
    invite(db.session, one, group=form.group.data, person=person, language=person.language)
    db.session.commit()
    return done(f"{person.name} is added.", ".leader", round_id=round_id, leader_id=leader_id)


@bp.post("/leaders/<uuid:leader_id>/guests")
@hr
@tells
def add_guest(round_id: UUID, leader_id: UUID) -> ResponseReturnValue:
    one = led(round_id, leader_id)
    form = filled(GuestForm())
    name = form.name.data
    invite(db.session, one, group=form.group.data, name=name, email=form.email.data)
    db.session.commit()
    return done(f"{name} is added.", ".leader", round_id=round_id, leader_id=leader_id)


@bp.post("/leaders/<uuid:leader_id>/seats/<uuid:seat_id>/remove")
@hr
@tells
def remove_seat(round_id: UUID, leader_id: UUID, seat_id: UUID) -> ResponseReturnValue:
    one = led(round_id, leader_id)
    seat = next((seat for seat in seats_at(db.session, one) if seat.id == seat_id), None)
    if seat is None:
        raise NotFoundError("There is no such seat at this table.")
    name = seat.invitation.name
    uninvite(db.session, seat)
    db.session.commit()
    return done(
        f"{name} is taken off {one.name}'s list.", ".leader", round_id=round_id, leader_id=leader_id
    )
