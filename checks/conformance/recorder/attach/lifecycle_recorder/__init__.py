"""Records every write of an instance's row, from outside, at the database functions where all of them end.

Runs inside the recorded program, whatever its libraries: standard library only. When the program imports Nova's
database module, a few functions of it are wrapped. The old and the new values are read in the transaction of the
write, so they are the row's and not an object's. Each event is appended as one JSON line to a file per process; the
launcher joins them afterwards. A fault of the recorder never reaches the program.
"""

from __future__ import annotations

from .cases import wrap_tests
from .database import wrap_database
from .hook import call_after_import

DATABASE_MODULES = ("nova.db.main.api", "nova.db.sqlalchemy.api")
TEST_MODULES = ("unittest.case", "testtools.testcase")


def attach() -> None:
    """Prepare to wrap Nova's database module, and the test runner's cases, when the program imports them."""
    call_after_import(dict.fromkeys(DATABASE_MODULES, wrap_database) | dict.fromkeys(TEST_MODULES, wrap_tests))
