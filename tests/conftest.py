from hypothesis import settings

# The same examples every time, and no failures because a machine is busy.
settings.register_profile("eventmill", derandomize=True, deadline=None)
settings.load_profile("eventmill")
