"""HR's pages of a round: drafted, launched, watched, closed. None of them knows who has answered."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from accounts.queries import coaches, folded
from accounts.sign_in import current_account, needs_role
from core import audit, clock
from core.db import db
from core.errors import DomainError, NotFoundError
from core.keys import KeyStore
from instruments.queries import instrument_of, published_versions, shipped
from instruments.questionnaires import Instrument
from instruments.services import publish
from surveys.forms.keys import ReopenForm, TrusteeForm
from surveys.forms.rounds import (
    DeadlineForm,
    ProtectionForm,
    RoundForm,
    chosen_coaches,
)
from surveys.models import Invitation, Leader, Round
from surveys.policies import may_manage
from surveys.queries.keys import mails_to_trustee, possible_trustees
from surveys.queries.rounds import (
    invitations,
    invited_by_group,
    mails_of,
    round_by_id,
    rounds,
    standing_of,
    tables_of,
)
from surveys.services.apart import overlaps
from surveys.services.keys import has_passphrase, loss_of, stage_of, waits_for_trustee
from surveys.services.reopening import reopen
from surveys.services.rounds import (
    assign_coaches,
    create_round,
    extend_deadline,
    launch,
    lock_round,
    raise_protection,
    replace_link,
)
from surveys.services.trustees import name_trustee, next_reminder

View = Callable[..., ResponseReturnValue]
Form = TypeVar("Form", bound=FlaskForm)

bp = Blueprint("rounds", __name__, url_prefix="/rounds")
hr = needs_role("hr")
ONE_DAY = timedelta(days=1)


class WrongFormError(DomainError):
    """A small form was not filled in; the message says what is missing."""


def tells(view: View) -> View:
    """Say above the page one came from which rule forbade what was tried."""

    @wraps(view)
    def telling(round_id: UUID, **more: Any) -> ResponseReturnValue:
        try:
            return view(round_id, **more)
        except NotFoundError:
            raise
        except DomainError as error:
            db.session.rollback()
            flash(str(error), "look")
            place = {"leader_id": more["leader_id"]} if "leader_id" in more else {}
            endpoint = "seats.leader" if place else "rounds.show"
            return redirect(url_for(endpoint, round_id=round_id, **place))

    return telling


# --- What is loaded, and for whom


def managed(round_id: UUID) -> Round:
    round_ = round_by_id(db.session, round_id)
    if round_ is None or not may_manage(current_account(), round_):
        raise NotFoundError("There is no such round, or it is not yours to run.")
    return round_


def filled(form: Form) -> Form:
    if not form.validate_on_submit():
        messages = (message for messages in form.errors.values() for message in messages)
        raise WrongFormError(f"Nothing was changed. {' '.join(map(str, messages))}")
    return form


def done(words: str, endpoint: str, **values: Any) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for(endpoint, **values))


def note(deed: str, round_: Round) -> None:
    audit.record(db.session, current_account().email, deed, "round", round_.id)


def note_coach(leader: Leader) -> None:
    """Record whose report came into whose hands."""
    actor, coach = current_account().email, leader.coach
    audit.record(db.session, actor, "changed the coach of", "leader", leader.id)
    audit.record(db.session, actor, "made coach of them", "account", coach.id if coach else None)


def note_trustee(round_: Round) -> None:
    """Record into whose hands the key of a round goes."""
    note("changed the trustee of", round_)
    actor = current_account().email
    audit.record(db.session, actor, "made trustee of it", "account", round_.trustee_id)


def key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store


# --- All rounds


@bp.get("")
@hr
def index() -> ResponseReturnValue:
    account = current_account()
    mine = [round_ for round_ in rounds(db.session) if may_manage(account, round_)]
    stages = {round_.id: stage_of(db.session, round_, key_store()) for round_ in mine}
    return render("rounds/index.html", rounds=mine, stages=stages)


@bp.route("/new", methods=["GET", "POST"])
@hr
def new() -> ResponseReturnValue:
    instruments = offered_instruments()
    form = RoundForm()
    form.offer(instruments.items())
    if not form.validate_on_submit():
        return render("rounds/new.html", form=form)
    version = publish(db.session, instruments[form.instrument.data])
    round_ = create_round(db.session, instrument_version=version, **form.settings)
    db.session.commit()
    return done(
        "The round is drafted. Nobody has been told of it yet.", ".show", round_id=round_.id
    )


def offered_instruments() -> dict[str, Instrument]:
    """Return every published instrument, and those that come with the house."""
    published = (instrument_of(version) for version in published_versions(db.session))
    return {f"{found.key} {found.version}": found for found in (*shipped(), *published)}


# --- One round


@bp.get("/<uuid:round_id>")
@hr
def show(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    return draft_page(round_) if round_.state == "draft" else launched_page(round_)


def draft_page(round_: Round) -> str:
    trustee = TrusteeForm(data={"trustee": str(round_.trustee_id or "")})
    trustee.offer(possible_trustees(db.session))
    return render(
        "rounds/draft.html",
        round=round_,
        tables=tables_of(round_, invited_by_group(db.session, round_)),
        overlaps=overlaps(db.session, round_, at=clock.now()),
        coaches=coaches(db.session),
        deadline=DeadlineForm(data={"last_day": round_.deadline.date()}),
        protection=ProtectionForm(data={"protection": round_.protection}),
        trustee=trustee,
        mails_to_trustee=mails_to_trustee(db.session, round_),
        has_passphrase=has_passphrase(round_, key_store()),
    )


def launched_page(round_: Round) -> str:
    protection = ProtectionForm(data={"protection": round_.protection})
    protection.only_from(round_.protection)
    waits = waits_for_trustee(round_, key_store())
    return render(
        f"rounds/{round_.state}.html",
        round=round_,
        standing=standing_of(db.session, round_),
        mails=mails_of(db.session, round_),
        coaches=coaches(db.session),
        deadline=DeadlineForm(data={"last_day": round_.deadline.date()}),
        protection=protection,
        reminder_days=round_.reminder_days(clock.today() - ONE_DAY),
        lost=loss_of(db.session, round_, key_store()),
        waits=waits,
        mails_to_trustee=mails_to_trustee(db.session, round_),
        next_reminder=next_reminder(round_, at=clock.now()) if waits else None,
    )


@bp.post("/<uuid:round_id>/deadline")
@hr
@tells
def set_deadline(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    form = filled(DeadlineForm())
    extend_deadline(db.session, round_, form.last_day.moment)
    note("moved the deadline", round_)
    db.session.commit()
    return done("The deadline is moved.", ".show", round_id=round_id)


@bp.post("/<uuid:round_id>/protection")
@hr
@tells
def set_protection(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    form = filled(ProtectionForm())
    raise_protection(db.session, round_, form.protection.data, key_store())
    note(f"set protection to {round_.protection}", round_)
    db.session.commit()
    return done("The protection is changed.", ".show", round_id=round_id)


@bp.post("/<uuid:round_id>/coaches")
@hr
@tells
def set_coaches(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    chosen = chosen_coaches(request.form, round_.leaders, coaches(db.session))
    for leader in assign_coaches(chosen):
        note_coach(leader)
    db.session.commit()
    return done("The coaches are assigned.", ".show", round_id=round_id)


@bp.post("/<uuid:round_id>/trustee")
@hr
@tells
def set_trustee(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    offered = {str(account.id): account for account in possible_trustees(db.session)}
    form = TrusteeForm()
    form.offer(offered.values())
    chosen = offered.get(filled(form).trustee.data)
    if name_trustee(db.session, round_, chosen, key_store()):
        note_trustee(round_)
    db.session.commit()
    return done("It is settled who holds the key.", ".show", round_id=round_id)


# --- What cannot be taken back: a page first, then the deed


@bp.get("/<uuid:round_id>/launch")
@hr
def before_launch(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    return render(
        "rounds/launch.html",
        round=round_,
        tables=tables_of(round_, invited_by_group(db.session, round_)),
        invitations=invitations(db.session, round_),
        overlaps=overlaps(db.session, round_, at=clock.now()),
        reminder_days=round_.reminder_days(clock.today()),
        has_passphrase=has_passphrase(round_, key_store()),
    )


@bp.post("/<uuid:round_id>/launch")
@hr
@tells
def launch_now(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    check_coaches(round_)
    launch(db.session, round_, key_store(), at=clock.now())
    note("launched", round_)
    db.session.commit()
    return done("The round is open. The invitations are on their way.", ".show", round_id=round_id)


def check_coaches(round_: Round) -> None:
    """See to it that nobody is left without a coach unless it is meant."""
    alone = [leader for leader in round_.leaders if leader.coach_id is None]
    if round_.state == "draft" and alone and "without_coach" not in request.form:
        names = ", ".join(leader.name for leader in alone)
        raise WrongFormError(
            f"Nothing was launched. Choose a coach, or tick that you launch without one: {names}."
        )


@bp.get("/<uuid:round_id>/close")
@hr
def before_close(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    return render("rounds/close.html", round=round_, standing=standing_of(db.session, round_))


@bp.post("/<uuid:round_id>/close")
@hr
@tells
def close_now(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    lock_round(db.session, round_, at=clock.now())
    note("locked", round_)
    db.session.commit()
    return done("Nobody can answer any more.", ".show", round_id=round_id)


@bp.get("/<uuid:round_id>/reopen")
@hr
def before_reopening(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    return render(
        "rounds/reopen.html",
        round=round_,
        lost=loss_of(db.session, round_, key_store()),
        has_passphrase=has_passphrase(round_, key_store()),
        form=ReopenForm(formdata=None),
    )


@bp.post("/<uuid:round_id>/reopen")
@hr
@tells
def reopen_now(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    form = filled(ReopenForm())
    reopen(db.session, round_, key_store(), deadline=form.last_day.moment, at=clock.now())
    note("reopened", round_)
    db.session.commit()
    return done("The round is open again. Everybody is told by mail.", ".show", round_id=round_id)


# --- Links


@bp.get("/<uuid:round_id>/links")
@hr
def links(round_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    search = request.args.get("search", "")
    words = folded(search).split()
    found = [
        one
        for one in invitations(db.session, round_)
        if all(word in folded(f"{one.name} {one.email or ''}") for word in words)
    ]
    return render("rounds/links.html", round=round_, invitations=found, search=search)


def invited(round_: Round, invitation_id: UUID) -> Invitation:
    invitation = db.session.get(Invitation, invitation_id)
    if invitation is None or invitation.round_id != round_.id:
        raise NotFoundError("Nobody in this round has such an invitation.")
    return invitation


@bp.get("/<uuid:round_id>/links/<uuid:invitation_id>")
@hr
@tells
def before_new_link(round_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    if round_.state != "open":
        return redirect(url_for(".links", round_id=round_id))
    return render("rounds/new_link.html", round=round_, invitation=invited(round_, invitation_id))


@bp.post("/<uuid:round_id>/links/<uuid:invitation_id>")
@hr
@tells
def new_link(round_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    round_ = managed(round_id)
    invitation = invited(round_, invitation_id)
    replace_link(db.session, invitation, key_store())
    note("replaced a link", round_)
    db.session.commit()
    return done(f"A new link is on its way to {invitation.name}.", ".links", round_id=round_id)
