"""Commands for operators."""

from flask.cli import AppGroup

group = AppGroup("reports", help="Reports.")
