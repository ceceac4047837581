"""A trustee's pages: the passphrase that is drawn for them, and the one moment when it is asked for."""

from typing import cast
from uuid import UUID

from flask import Blueprint, Flask, Response, request
from flask import render_template as render
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from accounts.sign_in import current_account, needs_role
from core.db import db
from core.errors import NotFoundError
from core.limits import limit_posts
from surveys.ballots.escrow import WrongPassphraseError, make_passphrase
from surveys.forms.keys import DrawnAgainForm, DrawnForm, UnlockForm
from surveys.models import Round
from surveys.policies import may_give_passphrase
from surveys.queries.keys import entrusted_rounds, round_with_trustee
from surveys.routes.rounds import done, key_store, note
from surveys.services.keys import has_passphrase, stage_of
from surveys.services.trustees import PassphraseMistypedError, set_passphrase, unlock

bp = Blueprint("trustees", __name__, url_prefix="/trustee")
trusted = needs_role("trustee", "coach")
WRONG_PASSPHRASES = "5 per minute; 20 per hour"
UNPROCESSABLE = 422


def entrusted(round_id: UUID) -> Round:
    """Load and authorise: a round entrusted to somebody else is not there."""
    round_ = round_with_trustee(db.session, round_id)
    if round_ is None or not may_give_passphrase(current_account(), round_):
        raise NotFoundError("There is no such round, or its key is not in your hands.")
    return round_


@bp.get("")
@trusted
def index() -> ResponseReturnValue:
    rounds = entrusted_rounds(db.session, current_account())
    return render(
        "trustees/index.html",
        rounds=rounds,
        prepared=[round_ for round_ in rounds if has_passphrase(round_, key_store())],
        stages={round_.id: stage_of(db.session, round_, key_store()) for round_ in rounds},
    )


@bp.get("/<uuid:round_id>")
@trusted
def show(round_id: UUID) -> ResponseReturnValue:
    return _page(entrusted(round_id), UnlockForm())


def _page(round_: Round, form: UnlockForm) -> str:
    return render(
        "trustees/round.html",
        round=round_,
        form=form,
        has_passphrase=has_passphrase(round_, key_store()),
        stage=stage_of(db.session, round_, key_store()),
    )


# --- The passphrase


def _form_for(round_: Round) -> DrawnForm:
    is_first = round_.state == "draft" or not has_passphrase(round_, key_store())
    return DrawnForm() if is_first else DrawnAgainForm()


@bp.get("/<uuid:round_id>/passphrase")
@trusted
def draw(round_id: UUID) -> ResponseReturnValue:
    round_ = entrusted(round_id)
    form = _form_for(round_)
    form.drawn.data = make_passphrase()
    return render("trustees/passphrase.html", round=round_, form=form)


@bp.post("/<uuid:round_id>/passphrase")
@trusted
def keep(round_id: UUID) -> ResponseReturnValue:
    round_ = entrusted(round_id)
    form = _form_for(round_)
    if not form.validate_on_submit():
        return render("trustees/passphrase.html", round=round_, form=form), UNPROCESSABLE
    drawn, typed = form.drawn.data or "", form.typed.data or ""
    try:
        set_passphrase(db.session, round_, key_store(), drawn=drawn, typed=typed)
    except PassphraseMistypedError as error:
        form.typed.errors = [str(error)]
        return render("trustees/passphrase.html", round=round_, form=form), UNPROCESSABLE
    note("took a passphrase for", round_)
    db.session.commit()
    return done("Your passphrase is set. Keep it well.", ".show", round_id=round_id)


@bp.post("/<uuid:round_id>/unlock")
@trusted
def give(round_id: UUID) -> ResponseReturnValue:
    round_ = entrusted(round_id)
    form = UnlockForm()
    if not form.validate_on_submit():
        return _page(round_, form), UNPROCESSABLE
    try:
        unlock(db.session, round_, key_store(), passphrase=form.passphrase.data or "")
    except WrongPassphraseError as error:
        form.passphrase.errors = [str(error)]
        return _page(round_, form), UNPROCESSABLE
    note("unlocked the key of", round_)
    db.session.commit()
    return done("Thank you. The answers are being scored.", ".show", round_id=round_id)


@bp.record_once
def _limit_guessing(state: BlueprintSetupState) -> None:
    app, endpoint = cast("Flask", state.app), f"{bp.name}.{give.__name__}"
    limit_posts(app, endpoint, WRONG_PASSPHRASES, by=_round_tried, counting=_was_wrong)


def _round_tried() -> str:
    return str((request.view_args or {})["round_id"])


def _was_wrong(response: Response) -> bool:
    return response.status_code == UNPROCESSABLE
