"""tidecv 1.0.1 written down plainly: dictionaries and loops, image by image."""

TYPES = ("Cls", "Loc", "Both", "Dupe", "Bkg")
OURS = {
    "Cls": "classification",
    "Loc": "localisation",
    "Both": "both",
    "Dupe": "duplicate",
    "Bkg": "background",
    "Miss": "missed",
}


def overlap(a, b, *, over_first=False):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared, own = width * height, a[2] * a[3]
    return shared / (own if over_first else (own + b[2] * b[3]) - shared)


def plain_average(points, positives):
    """Mean over classes that have points or ground truth; points are (class, score, right) in their order."""
    values = []
    for code in sorted({point[0] for point in points} | {c for c, n in positives.items() if n}):
        count, found, curve = positives.get(code, 0), 0, []
        for _, _, right in sorted((p for p in points if p[0] == code), key=lambda p: -p[1]):
            found += right
            curve.append((found / count if count else 0.0, found / (len(curve) + 1)))
        best = [
            max((p for r, p in curve if r >= step / 100), default=0.0) if count else 0.0
            for step in range(101)
        ]
        values.append(sum(best) / 101 * 100)
    return sum(values) / len(values) if values else 0.0  # tidecv divides by zero where no class is left


class PlainRun:
    """One run; records are COCO-like, images visited in ascending order."""

    def __init__(self, images, annotations, detections, *, t_f=0.5, t_b=0.1, limit=100):
        self.errors, self.rights, self.matched_order = [], [], []
        self.positives, self.missed, self.unfound = {}, {}, {}
        best = {}
        for image in sorted(images):
            objects = [a for a in annotations if a["image_id"] == image and not a.get("iscrowd")]
            regions = [a for a in annotations if a["image_id"] == image and a.get("iscrowd")]
            rows = sorted((d for d in detections if d["image_id"] == image), key=lambda d: -d["score"])[
                :limit
            ]
            self._image(objects, regions, rows, t_f, t_b, best)
        for error in self.errors:
            error["finds"] = best.get(id(error["aim"]), (0, None))[1] is error

    def _image(self, objects, regions, rows, t_f, t_b, best):  # noqa: C901
        for one in objects:
            self.positives[one["category_id"]] = self.positives.get(one["category_id"], 0) + 1
        used, state = [False] * len(objects), {}
        for place, row in enumerate(rows):
            free = [
                overlap(row["bbox"], g["bbox"]) if g["category_id"] == row["category_id"] and not u else 0.0
                for g, u in zip(objects, used, strict=True)
            ]
            state[place] = bool(free) and max(free) >= t_f
            if state[place]:
                used[free.index(max(free))] = True
            elif any(
                r["category_id"] == row["category_id"]
                and overlap(row["bbox"], r["bbox"], over_first=True) > t_f
                for r in regions
            ):
                state[place] = None
        aimed = set()
        for place, row in enumerate(rows):
            if state[place] is not None:
                self.matched_order.append((row["category_id"], row["score"], state[place]))
            if state[place]:
                self.rights.append((row["category_id"], row["score"], True))
                continue
            kind, aim = self._kind(row, objects, used, t_f, t_b)
            error = {"kind": kind, "row": row, "counts": state[place] is False, "aim": None}
            if aim is not None and not used[aim]:
                error["aim"] = objects[aim]
                aimed.add(aim)
                if best.get(id(objects[aim]), (-1, None))[0] < row["score"]:
                    best[id(objects[aim])] = (row["score"], error)
            self.errors.append(error)
        for place, one in enumerate(objects):
            if not used[place]:
                self.unfound[one["category_id"]] = self.unfound.get(one["category_id"], 0) + 1
                if place not in aimed:
                    self.missed[one["category_id"]] = self.missed.get(one["category_id"], 0) + 1

    @staticmethod
    def _kind(row, objects, used, t_f, t_b):
        if not objects:
            return "Bkg", None
        every = [overlap(row["bbox"], g["bbox"]) for g in objects]
        is_same = [g["category_id"] == row["category_id"] for g in objects]
        same = [v if s else 0.0 for v, s in zip(every, is_same, strict=True)]
        other = [0.0 if s else v for v, s in zip(every, is_same, strict=True)]
        taken = [v if u else 0.0 for v, u in zip(same, used, strict=True)]
        if t_b <= max(same) <= t_f:
            return "Loc", same.index(max(same))
        if max(other) >= t_f:
            return "Cls", other.index(max(other))
        if max(taken) >= t_f:
            return "Dupe", None
        return ("Bkg" if max(every) <= t_b else "Both"), None

    def _points(self, fixed, gone, late):
        """Errors in their order, those of `fixed` repaired; then what is right and what was repaired before."""
        points = []
        for error in self.errors:
            row = error["row"]
            if error["kind"] == fixed:
                if error["finds"]:
                    points.append((error["aim"]["category_id"], row["score"], True))
            elif error["kind"] not in gone and error["counts"]:
                points.append((row["category_id"], row["score"], False))
        return points + late + self.rights

    def answer(self, *, progressive=False):
        base = plain_average(self.matched_order, self.positives)
        last, gone, late, gains = base, set(), [], {}
        for kind in TYPES:
            value = plain_average(self._points(kind, gone, late), self.positives)
            gains[kind] = max(value - last, 0)
            if progressive:
                last = value
                gone.add(kind)
                late = late + [
                    (e["aim"]["category_id"], e["row"]["score"], True)
                    for e in self.errors
                    if e["kind"] == kind and e["finds"]
                ]
        fewer = {c: n - self.missed.get(c, 0) for c, n in self.positives.items()}
        gains["Miss"] = max(plain_average(self._points(None, gone, late), fewer) - last, 0)
        fewest = {c: n - self.unfound.get(c, 0) for c, n in self.positives.items()}
        points = self._points(None, set(), [])
        extreme = [(c, float(right), right) for c, _, right in points]
        counts = {kind: sum(e["kind"] == kind for e in self.errors) for kind in TYPES}
        return {
            "AP": base,
            "dAP": gains,
            "special": {
                "FalsePos": plain_average(extreme, self.positives) - base,
                "FalseNeg": plain_average(points, fewest) - base,
            },
            "counts": counts | {"Miss": sum(self.missed.values())},
        }
