"""The causes, in the order in which they claim errors."""

from __future__ import annotations

from collections.abc import Callable

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.confusion import confusion
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.coverage import coverage
from cvfail.failures.causes.crowding import crowding
from cvfail.failures.causes.domain_shift import domain_shift
from cvfail.failures.causes.duplicates import duplicates
from cvfail.failures.causes.label_noise import label_noise
from cvfail.failures.causes.localisation import localisation
from cvfail.failures.causes.occlusion import occlusion
from cvfail.failures.causes.size import size
from cvfail.failures.causes.threshold import threshold
from cvfail.failures.causes.truncation import truncation
from cvfail.failures.mode_errors import ModeErrors

Cause = Callable[[ModeErrors, CauseContext], Claim | None]
"""Says how much of each error of a mode it explains; None if it does not apply to the mode."""

CAUSES: tuple[tuple[str, Cause], ...] = (
    ("label_noise", label_noise),
    ("threshold", threshold),
    ("localisation", localisation),
    ("duplicates", duplicates),
    ("confusion", confusion),
    ("crowding", crowding),
    ("truncation", truncation),
    ("occlusion", occlusion),
    ("size", size),
    ("coverage", coverage),
    ("domain_shift", domain_shift),
)
"""First what is cheap to mend and hard to dispute, last what is left to be explained by the data."""

INHERENT = "inherent"
"""What no cause claims."""
