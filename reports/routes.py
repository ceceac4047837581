"""The pages of coaches and leaders."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from accounts.models import Account
from accounts.sign_in import current_account, needs_role
from assess.scorecards.reading import scorecard
from core.db import db
from core.errors import NotFoundError
from core.names import slug
from reports.documents import Book, report_pdf
from reports.forms import DebriefForm, ReleaseForm
from reports.models import Report
from reports.policies import may_debrief, may_read_report
from reports.queries import report_of, reports_of_coach, reports_of_leader
from reports.services import record_debrief, release
from surveys.queries.keys import holds_a_key

PLACES = (
    ("hr", "Rounds", "/rounds"),
    ("hr", "People", "/people"),
    ("coach", "Your leaders", "/coach"),
    ("leader", "Your report", "/my-report"),
    ("trustee", "Your keys", "/trustee"),
    ("methodologist", "Figures", "/figures"),
)
UNPROCESSABLE = 422

bp = Blueprint("reports", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Send everybody to where their work is."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login"))
    places = _places(current_account())
    return redirect(places[0]["url"]) if places else render_template("reports/home.html")


@bp.app_context_processor
def navigation() -> dict[str, list[dict[str, str]]]:
    """Give every page the way to what this person may see; mails have nobody who looks at them."""
    if not current_user or not current_user.is_authenticated:
        return {}
    return {"navigation": _places(current_account())}


def _places(account: Account) -> list[dict[str, str]]:
    roles = {role for role, _label, _url in PLACES if account.has_role(role)}
    if "coach" in roles and holds_a_key(db.session, account):
        roles.add("trustee")  # a coach may be one without the role
    return [{"label": label, "url": url} for role, label, url in PLACES if role in roles]


@bp.get("/coach")
@needs_role("coach")
def coach() -> ResponseReturnValue:
    charges = reports_of_coach(db.session, current_account())
    return render_template("reports/coach.html", charges=charges)


@bp.get("/coach/<uuid:leader_id>")
@needs_role("coach")
def workspace(leader_id: UUID) -> ResponseReturnValue:
    return _workspace(_report_to_debrief(leader_id))


@bp.post("/coach/<uuid:leader_id>/debrief")
@needs_role("coach")
def debrief(leader_id: UUID) -> ResponseReturnValue:
    report = _report_to_debrief(leader_id)
    form = DebriefForm()
    if not form.validate_on_submit():
        return _workspace(report, debrief_form=form), UNPROCESSABLE
    record_debrief(db.session, report, by=current_account())
    db.session.commit()
    flash("The debrief is recorded. You can release the report when the leader is ready.")
    return redirect(url_for(".workspace", leader_id=leader_id))


@bp.post("/coach/<uuid:leader_id>/release")
@needs_role("coach")
def release_report(leader_id: UUID) -> ResponseReturnValue:
    report = _report_to_debrief(leader_id)
    form = ReleaseForm()
    if not form.validate_on_submit():
        return _workspace(report, release_form=form), UNPROCESSABLE
    release(db.session, report, by=current_account())
    db.session.commit()
    flash("The report is released. The leader is told by mail.")
    return redirect(url_for(".workspace", leader_id=leader_id))


@bp.get("/reports/<uuid:leader_id>.pdf")
@needs_role("coach", "leader")
def pdf(leader_id: UUID) -> ResponseReturnValue:
    report = report_of(db.session, leader_id)
    if report is None or not may_read_report(current_account(), report):
        raise NotFoundError("There is no such report, or it is not for you.")
    content = report_pdf(scorecard(db.session, report.leader))
    name = f"{slug(report.leader.name)}.pdf"
    return send_file(BytesIO(content), "application/pdf", as_attachment=True, download_name=name)


@bp.get("/my-report")
@needs_role("leader")
def my_report() -> ResponseReturnValue:
    reports = reports_of_leader(db.session, current_account())
    return render_template("reports/my_report.html", reports=reports)


def _report_to_debrief(leader_id: UUID) -> Report:
    report = report_of(db.session, leader_id)
    if report is None or not may_debrief(current_account(), report):
        raise NotFoundError("There is no such report, or it is not in your care.")
    return report


def _workspace(
    report: Report,
    *,
    debrief_form: DebriefForm | None = None,
    release_form: ReleaseForm | None = None,
) -> str:
    return render_template(
        "reports/workspace.html",
        report=report,
        leader=report.leader,
        book=Book(scorecard(db.session, report.leader)),
        debrief_form=debrief_form or DebriefForm(formdata=None),
        release_form=release_form or ReleaseForm(formdata=None),
    )
