"""Commands for operators."""

from flask.cli import AppGroup

group = AppGroup("instruments", help="Instruments.")
