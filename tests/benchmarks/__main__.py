"""`make bench`: what this machine does, as figures of several runs."""

from tests.benchmarks import events, service

if __name__ == "__main__":
    events.main()
    service.main()
