"""The system as a list of `Body` objects: ordinary classes with float fields."""

import __static__

from math import sqrt

from solar.bodies import SOLAR_MASS, Body, giants


class System:
    """Bodies that attract each other, stepped by a symplectic Euler method."""

    def __init__(self, bodies: list[Body]) -> None:
        self.bodies: list[Body] = bodies

    def offset_momentum(self) -> None:
        """Let the first body carry the momentum that makes the whole system rest."""
        px = 0.0
        py = 0.0
        pz = 0.0
        for body in self.bodies:
            px += body.vx * body.mass
            py += body.vy * body.mass
            pz += body.vz * body.mass
        sun = self.bodies[0]
        sun.vx = -px / SOLAR_MASS
        sun.vy = -py / SOLAR_MASS
        sun.vz = -pz / SOLAR_MASS

    def energy(self) -> float:
        """Kinetic energy of each body, less the potential energy of each pair."""
        bodies = self.bodies
        total = 0.0
        for i in range(len(bodies)):
            body = bodies[i]
            total += body.kinetic_energy()
            for j in range(i + 1, len(bodies)):
                other = bodies[j]
                dx = body.x - other.x
                dy = body.y - other.y
                dz = body.z - other.z
                total -= body.mass * other.mass / sqrt(dx * dx + dy * dy + dz * dz)
        return total

    def advance(self, dt: float, steps: int) -> None:
        """Take `steps` steps of `dt` years."""
        bodies = self.bodies
        count = len(bodies)
        for _ in range(steps):
            for i in range(count):
                body = bodies[i]
                for j in range(i + 1, count):
                    other = bodies[j]
                    dx = body.x - other.x
                    dy = body.y - other.y
                    dz = body.z - other.z
                    squared = dx * dx + dy * dy + dz * dz
                    pull = dt / (squared * sqrt(squared))
                    mine = body.mass * pull
                    theirs = other.mass * pull
                    body.vx -= dx * theirs
                    body.vy -= dy * theirs
                    body.vz -= dz * theirs
                    other.vx += dx * mine
                    other.vy += dy * mine
                    other.vz += dz * mine
            for body in bodies:
                body.move(dt)


def simulate(steps: int, dt: float = 0.01) -> tuple[float, float]:
    """The system's energy before and after `steps` steps."""
    system = System(giants())
    system.offset_momentum()
    before = system.energy()
    system.advance(dt, steps)
    return before, system.energy()
