"""The methodologist's pages: what closed rounds tell of raters and items, and nothing of any leader."""

from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from accounts.sign_in import current_account, needs_role
from assess.methodology import document, review
from assess.policies import may_study
from assess.queries import closed_rounds
from core.db import db
from core.errors import NotFoundError
from core.keys import KeyStore
from core.names import slug
from surveys.models import Round
from surveys.queries.rounds import round_by_id

bp = Blueprint("assess", __name__, url_prefix="/figures")


@bp.get("")
@needs_role("methodologist")
def index() -> ResponseReturnValue:
    account = current_account()
    rounds = [round_ for round_ in closed_rounds(db.session) if may_study(account, round_)]
    return render_template("assess/index.html", rounds=rounds)


@bp.get("/<uuid:round_id>")
@needs_role("methodologist")
def show(round_id: UUID) -> ResponseReturnValue:
    round_ = _studied(round_id)
    seen = review(db.session, round_, _key_store())
    return render_template("assess/show.html", round=round_, seen=seen)


@bp.get("/<uuid:round_id>.json")
@needs_role("methodologist")
def download(round_id: UUID) -> ResponseReturnValue:
    round_ = _studied(round_id)
    response: Response = jsonify(document(review(db.session, round_, _key_store())))
    response.headers["Content-Disposition"] = f'attachment; filename="{slug(round_.name)}.json"'
    return response


def _studied(round_id: UUID) -> Round:
    round_ = round_by_id(db.session, round_id)
    if round_ is None or not may_study(current_account(), round_):
        raise NotFoundError("There is no such round, it is not closed yet, or you are rated in it.")
    return round_


def _key_store() -> KeyStore:
    store: KeyStore = current_app.extensions["key_store"]
    return store
