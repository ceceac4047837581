"""HR's pages of a round."""

from flask import Blueprint

bp = Blueprint("rounds", __name__, url_prefix="/rounds")
