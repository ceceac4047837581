"""Signing in, and the directory of people."""

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from accounts.forms import (
    UPLOAD_LIMITS,
    ConfirmForm,
    UploadForm,
    held_file,
    hold,
    read_people,
)
from accounts.queries import directory
from accounts.services import import_people, preview_import
from accounts.sign_in import current_account, needs_role
from core import audit, clock
from core.db import db
from core.tables import FaultyFileError, separator_of

bp = Blueprint("accounts", __name__)
UNPROCESSABLE = 422


@bp.after_app_request
def keep_the_mail_asked_for(response: Response) -> Response:
    """Commit for the one view of Flask-Security which posts a mail and does not commit by itself."""
    if request.endpoint == "security.forgot_password" and request.method == "POST":
        db.session.commit()
    return response


@bp.get("/people")
@needs_role("hr")
def people() -> ResponseReturnValue:
    search = request.args.get("q", "").strip()
    entries = directory(db.session, on=clock.today(), search=search)
    return render_template("accounts/people.html", entries=entries, search=search)


@bp.get("/people/import")
@needs_role("hr")
def choose_people_file() -> ResponseReturnValue:
    return render_template("accounts/import.html", form=UploadForm())


@bp.post("/people/import")
@needs_role("hr")
def preview_people_file() -> ResponseReturnValue:
    form = UploadForm()
    if not form.validate_on_submit():
        return render_template("accounts/import.html", form=form), UNPROCESSABLE
    content, name = form.file.data.read(), form.file.data.filename
    return _preview(content, name)


@bp.post("/people/import/confirm")
@needs_role("hr")
def import_people_file() -> ResponseReturnValue:
    held = held_file(ConfirmForm().held.data or "", secret=current_app.config["SECRET_KEY"])
    if held is None:
        flash("The file was not kept any longer. Nothing has changed. Choose it again.", "error")
        return redirect(url_for(".choose_people_file"))
    try:
        import_people(db.session, read_people(*held, limits=UPLOAD_LIMITS))
    except FaultyFileError:
        return _preview(*held)
    audit.record(db.session, current_account().email, "imported people", "directory")
    db.session.commit()
    flash("The directory now says what the file says.", "success")
    return redirect(url_for(".people"))


def _preview(content: bytes, name: str) -> ResponseReturnValue:
    """Show what an import would do, or why it would do nothing; write nothing."""
    try:
        file = read_people(content, name, limits=UPLOAD_LIMITS)
        changes = preview_import(db.session, file)
        form = ConfirmForm(
            formdata=None, held=hold(content, name, secret=current_app.config["SECRET_KEY"])
        )
    except FaultyFileError as error:
        return _refused(content, name, error), UNPROCESSABLE
    return render_template(
        "accounts/preview.html", name=name, file=file, changes=changes, form=form
    )


def _refused(content: bytes, name: str, error: FaultyFileError) -> str:
    return render_template(
        "accounts/faults.html",
        name=name,
        error=error,
        separator=separator_of(content),
        form=UploadForm(),
    )
