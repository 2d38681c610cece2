"""What moves: bodies with a place, a velocity and a mass, in astronomical units, solar masses and days."""

import __static__

from typing import Final

PI: Final = 3.141592653589793
SOLAR_MASS: Final = 4.0 * PI * PI
DAYS_PER_YEAR: Final = 365.24


class Body:
    """One celestial body."""

    def __init__(
        self,
        name: str,
        x: float,
        y: float,
        z: float,
        vx: float,
        vy: float,
        vz: float,
        mass: float,
    ) -> None:
        self.name: str = name
        self.x: float = x
        self.y: float = y
        self.z: float = z
        self.vx: float = vx
        self.vy: float = vy
        self.vz: float = vz
        self.mass: float = mass

    def kinetic_energy(self) -> float:
        return 0.5 * self.mass * (self.vx * self.vx + self.vy * self.vy + self.vz * self.vz)

    def move(self, dt: float) -> None:
        self.x += dt * self.vx
        self.y += dt * self.vy
        self.z += dt * self.vz


def planet(
    name: str,
    place: tuple[float, float, float],
    velocity_per_day: tuple[float, float, float],
    solar_masses: float,
) -> Body:
    """A body from the figures that tables give: velocities are per day there and per year here."""
    x, y, z = place
    vx, vy, vz = velocity_per_day
    return Body(
        name,
        x,
        y,
        z,
        vx * DAYS_PER_YEAR,
        vy * DAYS_PER_YEAR,
        vz * DAYS_PER_YEAR,
        solar_masses * SOLAR_MASS,
    )


def giants() -> list[Body]:
    """The Sun, Jupiter, Saturn, Uranus and Neptune, in that order, before the Sun's momentum is corrected."""
    return [
        planet("Sun", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0),
        planet(
            "Jupiter",
            (4.84143144246472090e00, -1.16032004402742839e00, -1.03622044471123109e-01),
            (1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05),
            9.54791938424326609e-04,
        ),
        planet(
            "Saturn",
            (8.34336671824457987e00, 4.12479856412430479e00, -4.03523417114321381e-01),
            (-2.76742510726411021e-03, 4.99852801234917238e-03, 2.30417297573763929e-05),
            2.85885980666130812e-04,
        ),
        planet(
            "Uranus",
            (1.28943695621391310e01, -1.51111514016986312e01, -2.23307578892655734e-01),
            (2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05),
            4.36624404335156298e-05,
        ),
        planet(
            "Neptune",
            (1.53796971148509165e01, -2.59193146099879641e01, 1.79258772950371181e-01),
            (2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05),
            5.15138902046611451e-05,
        ),
    ]
