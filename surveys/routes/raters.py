"""A rater's pages. Nothing here knows a name but the leader's; nothing is logged."""

from flask import Blueprint

bp = Blueprint("raters", __name__, url_prefix="/r")
