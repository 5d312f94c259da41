"""What the scripts of this folder share: checks that are counted and named, one a line."""

import sys


class Checks:
    """Prints `ok` or `FAILED` for each check, and at the end the sum that `cargo xtask hosts` reads."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, passed, shown=""):
        self.passed, self.failed = self.passed + bool(passed), self.failed + (not passed)
        print(f"{'ok    ' if passed else 'FAILED'} {name}{': ' if shown != '' else ''}{shown}", flush=True)

    def known(self, name, happens):
        """A fault that no plugin can mend; docs/hosts.md says why. A check of its own finds that it has gone."""
        self.check(f"known: {name}", happens, "" if happens else "it is gone; docs/hosts.md can say so")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(self.failed > 0)
