"""The pages of coaches and leaders."""

from flask import Blueprint

bp = Blueprint("reports", __name__)
