"""How properties are looked for here."""

from hypothesis import settings

# As among the statistics: a busy machine makes a quick example slow, and tells nothing by it.
settings.register_profile("publication", deadline=None)
settings.load_profile("publication")
