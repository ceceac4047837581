"""Signing in, and the directory of people."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
