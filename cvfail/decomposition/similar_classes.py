"""Which classes are alike: by supercategory, or by groups that the user gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence

Similar = Iterable[Sequence[str]]
"""Groups of names of classes that are alike; a class may be in several."""

_NO_SUPERCATEGORY = frozenset({"", "none"})


def similar_classes(evidence: Evidence, similar: Similar | None) -> NDArray[np.bool_]:
    """Which pairs of classes are alike.

    Args:
        evidence: Whose classes.
        similar: Groups of names; classes of one supercategory if not given, of which an empty one and ``none``,
            which some exporters write for all classes, are none.

    Returns:
        By category code, shape (K, K); symmetric.

    Raises:
        QueryError: A name is no class, or stands outside of a group.
    """
    alike = np.zeros((evidence.categories.height,) * 2, np.bool_)
    for group in _groups(evidence, similar):
        alike[np.ix_(group, group)] = True
    return alike


def _groups(evidence: Evidence, similar: Similar | None) -> list[list[int]]:
    if similar is None:
        groups: dict[str, list[int]] = {}
        for code, name in enumerate(evidence.categories.sort("category_id")["supercategory"]):
            if name is not None and name.strip().casefold() not in _NO_SUPERCATEGORY:
                groups.setdefault(name, []).append(code)
        return list(groups.values())
    codes = {name: code for code, name in enumerate(evidence.category_names)}
    given = [similar] if isinstance(similar, str) else list(similar)
    alone = [group for group in given if isinstance(group, str)]
    if alone:
        raise QueryError(f"similar takes groups of names; found {alone[0]!r}. Hint: [['cat', 'dog']]")
    unknown = [name for group in given for name in group if name not in codes]
    if unknown:
        raise QueryError(f"{unknown[0]!r} is not a class. Hint: groups of {', '.join(codes)}")
    return [[codes[name] for name in group] for group in given]
