"""How properties are looked for here."""

from hypothesis import settings

# Statistics are quick, but a busy machine is not: time is kept by the benchmark, not by every example.
settings.register_profile("psychometrics", deadline=None)
settings.load_profile("psychometrics")
