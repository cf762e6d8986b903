"""The light of a moment: sun, sky and haze, from the time of day and the weather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.scenes.conditions import Conditions

Shade = NDArray[np.float64]
"""Linear red, green, blue; 1 is white paper in full light."""


@dataclass(frozen=True)
class Light:
    """What falls on faces, and what is behind them.

    Attributes:
        to_sun: Direction to the sun, unit length.
        sun: Its light; black where clouds hide it.
        sky: Light from above.
        zenith: Colour of the sky on top of the image.
        horizon: Colour of the sky above the roofs.
        haze: Colour of what is far away.
        sight: Metres at which haze hides 63 %.
        clouds: Share of the sky that they take.
        night: Whether lamps are lit.
        wet: Whether the road mirrors.
    """

    to_sun: NDArray[np.float64]
    sun: Shade
    sky: Shade
    zenith: Shade
    horizon: Shade
    haze: Shade
    sight: float
    clouds: float
    night: bool
    wet: bool

    def on(self, normals: NDArray[np.float64], colours: Shade) -> Shade:
        """The light that matt faces send back; normals and colours of shape (n, 3)."""
        from_sky = 0.62 + 0.38 * normals[:, 1:2]
        from_sun = np.clip(normals @ self.to_sun, 0.0, None)[:, None]
        return colours * (from_sky * self.sky + from_sun * self.sun)

    def through_haze(self, colours: Shade, distances: NDArray[np.float64]) -> Shade:
        """Colours (n, 3) as they look from distances (n,) in metres."""
        clear = np.exp(-distances / self.sight)[:, None]
        return colours * clear + self.haze * (1.0 - clear)


def light_of(rng: np.random.Generator, conditions: Conditions) -> Light:
    """The light under which an image is taken."""
    wet = conditions.weather == "rain"
    if conditions.time_of_day == "night":
        return _night(wet=wet, overcast=conditions.weather != "clear")
    hour = conditions.captured.hour + conditions.captured.minute / 60
    if conditions.weather == "clear":
        return _sunny(rng, hour)
    return _overcast(rng, wet=wet)


def _sunny(rng: np.random.Generator, hour: float) -> Light:
    """Low and warm in the morning and evening, high and white at noon."""
    noon = max(0.0, 1.0 - abs(hour - 13.0) / 5.0)
    elevation = np.radians(16 + 34 * noon)
    azimuth = rng.choice([-1.0, 1.0]) * np.radians(rng.uniform(35, 120))
    to_sun = [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), -np.cos(azimuth) * np.cos(elevation)]
    warm = 1.0 - noon
    return Light(
        to_sun=np.array(to_sun),
        sun=np.array([1.0, 0.9 - 0.2 * warm, 0.76 - 0.34 * warm]) * 0.92,
        sky=np.array([0.36, 0.42, 0.52]) + warm * np.array([0.04, -0.02, -0.08]),
        zenith=np.array([0.12, 0.27, 0.58]) + warm * np.array([0.05, 0.02, -0.06]),
        horizon=np.array([0.62, 0.74, 0.88]) + warm * np.array([0.26, -0.06, -0.34]),
        haze=np.array([0.62, 0.68, 0.74]) + warm * np.array([0.16, -0.04, -0.24]),
        sight=260.0,
        clouds=float(rng.uniform(0.0, 0.45)),
        night=False,
        wet=False,
    )


def _overcast(rng: np.random.Generator, *, wet: bool) -> Light:
    grey = rng.uniform(0.55, 0.68) if wet else rng.uniform(0.78, 0.92)
    tint = np.array([0.97, 1.0, 1.05])
    return Light(
        to_sun=np.array([0.0, 1.0, 0.0]),
        sun=np.array([0.16, 0.16, 0.16]) * grey,
        sky=tint * grey,
        zenith=tint * grey * 0.72,
        horizon=tint * grey * 0.98,
        haze=tint * grey * 0.86,
        sight=150.0 if wet else 280.0,
        clouds=1.0,
        night=False,
        wet=wet,
    )


def _night(*, wet: bool, overcast: bool) -> Light:
    """Even light: what lamps add is painted afterwards."""
    city = np.array([0.115, 0.085, 0.062]) if overcast else np.array([0.055, 0.05, 0.07])
    return Light(
        to_sun=np.array([0.3, 0.35, -0.89]),
        sun=np.array([0.34, 0.34, 0.34]),
        sky=np.array([0.62, 0.62, 0.62]),
        zenith=np.array([0.012, 0.016, 0.04]),
        horizon=city,
        haze=np.array([0.03, 0.03, 0.045]),
        sight=170.0 if wet else 400.0,
        clouds=0.6 if overcast else 0.1,
        night=True,
        wet=wet,
    )
