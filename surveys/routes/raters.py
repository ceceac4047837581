"""A rater's pages. Nothing here knows a name but the leader's; nothing is logged."""

from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, redirect, request, url_for
from flask import render_template as render
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from core import tokens
from core.config import Config
from core.db import db
from core.errors import ForbiddenError, NotFoundError
from core.keys import KeyLostError
from core.limits import limit_posts
from instruments.queries import instrument_of
from surveys.ballots.sheets import Draft, Sheet
from surveys.forms.hints import PATTERNS, Hint, hints, known_words
from surveys.forms.receipts import written
from surveys.forms.sheets import (
    Filled,
    Page,
    band_ends,
    fill,
    first_with_gaps,
    minutes_left,
    pages_of,
)
from surveys.models import Invitation, Leader, Round, Seat
from surveys.queries.answers import directory_words, invitation_of, seat_of, seats_of
from surveys.routes import browsers
from surveys.services import answers
from surveys.services.keys import Loss, loss_for
from surveys.services.rounds import RoundNotOpenError

bp = Blueprint("raters", __name__, url_prefix=browsers.PATH)

WRONG_CODES = "20 per minute"
SEE_OTHER = 303
FORBIDDEN = 403
CLOSED = 409
TOO_LONG = 422


class UnknownRaterError(ForbiddenError):
    """A code, or a cookie, which opens nothing: never said why."""


@dataclass(frozen=True)
class Rater:
    """Whoever holds a link: what it opens, and the half of the draft's key that came with it.

    `own` is what else this browser alone has of that key, in a round whose key a trustee holds.
    """

    invitation: Invitation
    sibling: str
    own: str = ""


@dataclass(frozen=True)
class OwnSeat:
    """A seat of whoever asks, with its pages and the key of its draft."""

    seat: Seat
    pages: tuple[Page, ...]
    key: bytes

    @property
    def is_named(self) -> bool:
        return self.seat.group in self.seat.leader.round.named_groups

    @property
    def draft(self) -> Draft:
        return answers.read_draft(self.seat, key=self.key)

    @property
    def continued_at(self) -> int:
        """The page on which whoever comes back goes on."""
        return first_with_gaps(self.pages, self.draft.sheet)

    def page(self, number: int) -> Page:
        if not 1 <= number <= len(self.pages):
            raise NotFoundError("There is no such page on this sheet.")
        return self.pages[number - 1]


def current_rater() -> Rater:
    """Load and authorise: the cookie says all there is to know, and only while the round is open.

    Without the secrets of links and drafts nothing is shown: what somebody wrote now could not be kept.
    """
    rater = _known_rater()
    if rater.invitation.round.state != "open":
        raise RoundNotOpenError("This round is not open.")
    if _loss(rater.invitation).of_drafts:
        raise KeyLostError("Your sheets cannot be shown just now.")
    return replace(rater, own=browsers.own_part(rater.invitation.round))


def _known_rater() -> Rater:
    authenticator, _, sibling = browsers.kept().partition(".")
    return _rater(authenticator, sibling)


def own_seat(seat_id: UUID) -> OwnSeat:
    """Load and authorise: anybody else's seat is not there."""
    rater = current_rater()
    seat = seat_of(db.session, rater.invitation, seat_id)
    if seat is None:
        raise NotFoundError("There is no such sheet in your list.")
    return _opened(rater, seat)


def _opened(rater: Rater, seat: Seat) -> OwnSeat:
    key_store = current_app.extensions["key_store"]
    key = answers.draft_key(rater.invitation.round, rater.sibling, key_store, own=rater.own)
    return OwnSeat(seat, pages_of(answers.asked_of(seat)), key)


def _loss(invitation: Invitation) -> Loss:
    """Return which secrets are gone that a rater's sheets need."""
    return loss_for(invitation, current_app.extensions["key_store"])


def _rater(authenticator: str, sibling: str) -> Rater:
    is_possible = tokens.is_wellformed(authenticator) and tokens.is_wellformed(sibling)
    invitation = invitation_of(db.session, authenticator) if is_possible else None
    if invitation is None:
        raise UnknownRaterError("This code does not open anything.")
    return Rater(invitation, sibling)


# --- The way in and out


@bp.get("")
def door() -> str:
    return render("raters/door.html")


@bp.post("/enter")
def enter() -> ResponseReturnValue:
    return _let_in(request.form.get("authenticator", ""), request.form.get("sibling", ""))


@bp.post("/code")
def enter_by_code() -> ResponseReturnValue:
    """Do what the page does where scripts run; the whole link may be pasted too."""
    secret = "".join(request.form.get("code", "").rpartition("#")[2].split())
    if not tokens.is_wellformed(secret):
        raise UnknownRaterError("This code does not open anything.")
    authenticator, sibling = (
        tokens.derive(secret, f"candid360 {purpose}") for purpose in ("authenticator", "sibling")
    )
    return _let_in(authenticator, sibling)


def _let_in(authenticator: str, sibling: str) -> ResponseReturnValue:
    round_ = _rater(authenticator, sibling).invitation.round
    browsers.keep(f"{authenticator}.{sibling}")
    if round_.trustee_id:
        browsers.keep_own_part(round_)
    return redirect(url_for(".seats"), SEE_OTHER)


@bp.record_once
def _limit_guessing(state: BlueprintSetupState) -> None:
    """Count only wrong codes: a whole company may come from one address within the hour."""
    app = cast("Flask", state.app)
    for view in (enter, enter_by_code):
        endpoint = f"{bp.name}.{view.__name__}"
        limit_posts(app, endpoint, WRONG_CODES, counting=_was_wrong)


def _was_wrong(response: Response) -> bool:
    return response.status_code == FORBIDDEN


@bp.post("/leave")
def leave() -> ResponseReturnValue:
    said = "unshown" if browsers.forget() else None
    response = redirect(url_for(".left", said=said), SEE_OTHER)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.get("/left")
def left() -> str:
    return render("raters/left.html", said=request.args.get("said"))


# --- Answering


@bp.get("/seats")
def seats() -> str:
    rater = current_rater()
    own = [_opened(rater, seat) for seat in seats_of(db.session, rater.invitation)]
    asked = instrument_of(rater.invitation.round.instrument_version)
    return render(
        "raters/seats.html",
        round=rater.invitation.round,
        seats=[sheet.seat for sheet in own],
        continued_at={sheet.seat.id: sheet.continued_at for sheet in own if sheet.seat.draft},
        elsewhere={sheet.seat.id for sheet in own if sheet.draft.is_elsewhere},
        minutes=minutes_left(pages_of(asked)),
        band_ends=band_ends(asked.scale),
        said=request.args.get("said"),
        is_lost=_loss(rater.invitation).of_sheets,
    )


@bp.get("/seats/<uuid:seat_id>/<int:number>")
def show_page(seat_id: UUID, number: int) -> str:
    own = own_seat(seat_id)
    return _page(own, own.page(number), Filled(own.draft.sheet, {}))


@bp.post("/seats/<uuid:seat_id>/<int:number>")
def turn_page(seat_id: UUID, number: int) -> ResponseReturnValue:
    own = own_seat(seat_id)
    page, scale, draft = own.page(number), answers.asked_of(own.seat).scale, own.draft
    filled = fill(page, scale, draft.sheet, request.form)
    if filled.faults:
        return _page(own, page, filled), TOO_LONG

    saved = replace(draft, sheet=filled.sheet)
    answers.save_draft(db.session, own.seat, saved, key=own.key)
    db.session.commit()
    return redirect(_turned(own, number), SEE_OTHER)


def _page(own: OwnSeat, page: Page, filled: Filled) -> str:
    return render(
        "raters/page.html",
        seat=own.seat,
        page=page,
        last=len(own.pages),
        minutes=minutes_left(own.pages, page.number),
        instrument=answers.asked_of(own.seat),
        filled=filled,
        draft=own.draft,
        could_tell=_hints(own, filled.sheet) if page.questions else {},
        patterns=PATTERNS,
    )


def _hints(own: OwnSeat, sheet: Sheet) -> dict[str, tuple[Hint, ...]]:
    """Return by question what could tell who wrote; nothing where all comments bear the rater's name."""
    if own.is_named or not sheet.comments:
        return {}
    leader, invitation = own.seat.leader, own.seat.invitation
    people = directory_words(db.session, invitation)
    known = known_words(
        names=[invitation.name, *(name for name, _, _ in people)],
        posts=[post for _, *posts in people for post in posts],
        harmless=[leader.name, *_posts_of(leader)],
    )
    return {key: found for key, text in sheet.comments.items() if (found := hints(text, known))}


def _posts_of(leader: Leader) -> list[str]:
    return [leader.person.title, leader.person.department] if leader.person else []


def _turned(own: OwnSeat, number: int) -> str:
    """Return where the button leads: back, to the list, on, or from the last page to the review.

    Whoever has sent the sheet before is led to the review: what they leave for later does not count.
    """
    is_later = "turn-later" in request.form
    if is_later and not own.seat.answered:
        return url_for(".seats", said="saved")
    turned = max(1, number - 1) if "turn-back" in request.form else number + 1
    if is_later or turned > len(own.pages):
        return url_for(".review", seat_id=own.seat.id)
    return url_for(".show_page", seat_id=own.seat.id, number=turned)


@bp.get("/seats/<uuid:seat_id>/send")
def review(seat_id: UUID) -> str:
    own = own_seat(seat_id)
    draft = own.draft
    return render(
        "raters/review.html",
        seat=own.seat,
        pages=own.pages,
        draft=draft,
        could_tell=_hints(own, draft.sheet),
        is_lost=_loss(own.seat.invitation).of_sheets,
    )


@bp.post("/seats/<uuid:seat_id>/send")
def send(seat_id: UUID) -> ResponseReturnValue:
    own = own_seat(seat_id)
    key_store = current_app.extensions["key_store"]
    answers.send_draft(db.session, own.seat, key=own.key, key_store=key_store)
    db.session.commit()
    return redirect(url_for(".sent", seat_id=seat_id), SEE_OTHER)


@bp.get("/seats/<uuid:seat_id>/sent")
def sent(seat_id: UUID) -> ResponseReturnValue:
    seat = own_seat(seat_id).seat
    digest = answers.receipt_of(seat)
    if digest is None:
        return redirect(url_for(".review", seat_id=seat_id), SEE_OTHER)
    others = [
        other
        for other in seats_of(db.session, seat.invitation)
        if not other.answered and not other.declined
    ]
    place = _list_of_receipts(seat.invitation.round)
    return render(
        "raters/sent.html", seat=seat, others=others, receipt=written(digest), place=place
    )


def _list_of_receipts(round_: Round) -> str:
    """Return the whole address, for it is kept outside this browser."""
    config: Config = current_app.extensions["config"]
    return config.base_url + url_for("counted.show", round_id=round_.id)


@bp.get("/seats/<uuid:seat_id>/decline")
def confirm_declining(seat_id: UUID) -> str:
    return render("raters/decline.html", seat=own_seat(seat_id).seat)


@bp.post("/seats/<uuid:seat_id>/decline")
def decline(seat_id: UUID) -> ResponseReturnValue:
    answers.decline(db.session, own_seat(seat_id).seat)
    db.session.commit()
    return redirect(url_for(".seats", said="declined"), SEE_OTHER)


@bp.post("/seats/<uuid:seat_id>/take-up")
def take_up(seat_id: UUID) -> ResponseReturnValue:
    answers.take_up(db.session, own_seat(seat_id).seat)
    db.session.commit()
    return redirect(url_for(".show_page", seat_id=seat_id, number=1), SEE_OTHER)


# --- What is said when it cannot be


@bp.errorhandler(UnknownRaterError)
def _unknown(_error: UnknownRaterError) -> ResponseReturnValue:
    return render("raters/unknown.html", code=request.form.get("code")), FORBIDDEN


@bp.errorhandler(RoundNotOpenError)
def _not_open(_error: RoundNotOpenError) -> ResponseReturnValue:
    place = _list_of_receipts(_known_rater().invitation.round)
    return render("raters/closed.html", place=place), CLOSED


@bp.errorhandler(KeyLostError)
def _key_lost(_error: KeyLostError) -> ResponseReturnValue:
    """Say nothing of the key: whom it concerns reads it in the log, and on HR's page."""
    return render("raters/key_lost.html", round=_known_rater().invitation.round), CLOSED
