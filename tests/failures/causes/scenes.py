"""Objects on a grid whose errors are planted, one cause at a time."""

import numpy as np

from tests.scenes import detection

SIDES = {"small": 20, "medium": 60}


def scene(seed=1, *, images=200, base=0.08, **planted):
    """A detector that misses `base` of all objects alike, beside what is planted.

    Planted, each the share of what it can strike: night_small (missed), rain_faint (score .1 instead of .5 and up),
    east_shift (box half a width to the left), crowd_twice (found twice), a_as_b (class 1 taken for 2 on
    camera c, with scores below those of right predictions: where they are alike, a confusion looks like wrong
    labels), wrong_label (the label is another class; annotator dora), night_missed (missed).
    """
    rng = np.random.default_rng(seed)
    draw = lambda *names: rng.choice(names, images).tolist()  # noqa: E731
    columns = {
        "light": draw("day", "night"),
        "weather": draw("clear", "rain", "fog"),
        "site": draw("east", "west"),
        "density": draw("sparse", "crowded"),
        "camera": draw("a", "b", "c"),
        "annotator": draw("anna", "ben", "dora"),
    }
    truths, found = [], []
    for image in range(images):
        here = {name: values[image] for name, values in columns.items()}
        for place in range(rng.integers(4, 10)):
            size, category = rng.choice(["small", "medium"]), int(rng.choice([1, 2, 3]))
            chance = dict(zip(planted, rng.random(len(planted)), strict=True))
            strikes = {
                name: chance[name] < rate and _strikes(name, here, size, category)
                for name, rate in planted.items()
            }
            box = [place * 100 + 5, 10, SIDES[size], SIDES[size]]
            label = category % 3 + 1 if strikes.get("wrong_label") else category
            truths.append({"image_id": image, "category_id": label, "bbox": box})
            if rng.random() < base or strikes.get("night_small") or strikes.get("night_missed"):
                continue
            low, high = (0.05, 0.2) if strikes.get("rain_faint") else (0.5, 1.0)
            left = 0.5 if strikes.get("east_shift") else rng.normal(0, 0.02)
            said = 2 if strikes.get("a_as_b") else category
            score = 0.3 + 0.2 * rng.random() if strikes.get("a_as_b") else rng.uniform(low, high)
            moved = [box[0] - left * box[2], *box[1:]]
            found.append({"image_id": image, "category_id": said, "bbox": moved, "score": float(score)})
            if strikes.get("crowd_twice"):
                found.append({**found[-1], "bbox": [moved[0] + 2, *moved[1:]], "score": float(score) * 0.8})
        for place in range(rng.poisson(0.5)):
            side = SIDES[rng.choice(["small", "medium"])]
            stray = {"bbox": [place * 100, 500, side, side], "score": float(rng.uniform(0.05, 0.7))}
            found.append({"image_id": image, "category_id": int(rng.choice([1, 2, 3])), **stray})
    return detection(list(range(images)), [1, 2, 3], truths, found, **columns)


def _strikes(name, here, size, category):
    return {
        "night_small": here["light"] == "night" and size == "small",
        "night_missed": here["light"] == "night",
        "rain_faint": here["weather"] == "rain",
        "east_shift": here["site"] == "east",
        "crowd_twice": here["density"] == "crowded",
        "a_as_b": here["camera"] == "c" and category == 1,
        "wrong_label": here["annotator"] == "dora",
    }[name]
