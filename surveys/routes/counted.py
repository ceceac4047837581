"""The public list of what close has counted. Nobody is asked who they are, and no receipt is sent here."""

from uuid import UUID

from flask import Blueprint, Response
from flask import render_template as render
from flask.typing import ResponseReturnValue

from core.db import db
from core.errors import NotFoundError
from surveys.forms.receipts import written
from surveys.queries.answers import counted_sheets

bp = Blueprint("counted", __name__, url_prefix="/counted")

NOT_FOUND = 404


class NothingCountedError(NotFoundError):
    """No round is known by this address, or it is not over: which of them is not said."""


@bp.get("/<uuid:round_id>")
def show(round_id: UUID) -> str:
    return render("counted/show.html", round_id=round_id, receipts=_receipts(round_id))


@bp.get("/<uuid:round_id>.txt")
def as_text(round_id: UUID) -> Response:
    lines = "".join(f"{receipt}\n" for receipt in _receipts(round_id))
    return Response(lines, mimetype="text/plain")


def _receipts(round_id: UUID) -> list[str]:
    receipts = [written(digest) for digest in counted_sheets(db.session, round_id)]
    if not receipts:
        raise NothingCountedError("There is no list here.")
    return receipts


@bp.errorhandler(NothingCountedError)
def _nothing_yet(_error: NothingCountedError) -> ResponseReturnValue:
    return render("counted/nothing.html"), NOT_FOUND
