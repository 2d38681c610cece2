"""The same system in primitives: one `Array[double]` for each quantity, indexed by `int64`."""

import __static__
from __static__ import Array, double, int64

from math import sqrt

from solar.bodies import SOLAR_MASS, giants


class Columns:
    """The bodies' quantities side by side, body `i` at index `i` of each."""

    def __init__(self, count: int64) -> None:
        self.count: int64 = count
        self.x: Array[double] = Array[double](count)
        self.y: Array[double] = Array[double](count)
        self.z: Array[double] = Array[double](count)
        self.vx: Array[double] = Array[double](count)
        self.vy: Array[double] = Array[double](count)
        self.vz: Array[double] = Array[double](count)
        self.mass: Array[double] = Array[double](count)


def load() -> Columns:
    """The giants as columns, with the Sun's momentum corrected."""
    bodies = giants()
    columns = Columns(len(bodies))
    px: double = 0.0
    py: double = 0.0
    pz: double = 0.0
    i: int64 = 0
    for body in bodies:
        columns.x[i] = body.x
        columns.y[i] = body.y
        columns.z[i] = body.z
        columns.vx[i] = body.vx
        columns.vy[i] = body.vy
        columns.vz[i] = body.vz
        columns.mass[i] = body.mass
        px += body.vx * body.mass
        py += body.vy * body.mass
        pz += body.vz * body.mass
        i += 1
    columns.vx[0] = -px / SOLAR_MASS
    columns.vy[0] = -py / SOLAR_MASS
    columns.vz[0] = -pz / SOLAR_MASS
    return columns


def energy(columns: Columns) -> double:
    """Kinetic energy of each body, less the potential energy of each pair."""
    x = columns.x
    y = columns.y
    z = columns.z
    vx = columns.vx
    vy = columns.vy
    vz = columns.vz
    mass = columns.mass
    count = columns.count
    total: double = 0.0
    i: int64 = 0
    while i < count:
        total += 0.5 * mass[i] * (vx[i] * vx[i] + vy[i] * vy[i] + vz[i] * vz[i])
        j: int64 = i + 1
        while j < count:
            dx: double = x[i] - x[j]
            dy: double = y[i] - y[j]
            dz: double = z[i] - z[j]
            total -= mass[i] * mass[j] / sqrt(dx * dx + dy * dy + dz * dz)
            j += 1
        i += 1
    return total


def advance(columns: Columns, dt: double, steps: int64) -> None:
    """Take `steps` steps of `dt` years."""
    x = columns.x
    y = columns.y
    z = columns.z
    vx = columns.vx
    vy = columns.vy
    vz = columns.vz
    mass = columns.mass
    count = columns.count
    step: int64 = 0
    while step < steps:
        i: int64 = 0
        while i < count:
            j: int64 = i + 1
            while j < count:
                dx: double = x[i] - x[j]
                dy: double = y[i] - y[j]
                dz: double = z[i] - z[j]
                squared: double = dx * dx + dy * dy + dz * dz
                pull: double = dt / (squared * sqrt(squared))
                mine: double = mass[i] * pull
                theirs: double = mass[j] * pull
                vx[i] -= dx * theirs
                vy[i] -= dy * theirs
                vz[i] -= dz * theirs
                vx[j] += dx * mine
                vy[j] += dy * mine
                vz[j] += dz * mine
                j += 1
            i += 1
        i = 0
        while i < count:
            x[i] += dt * vx[i]
            y[i] += dt * vy[i]
            z[i] += dt * vz[i]
            i += 1
        step += 1


def simulate(steps: int, dt: float = 0.01) -> tuple[float, float]:
    """The system's energy before and after `steps` steps, as `solar.system.simulate`."""
    columns = load()
    before: double = energy(columns)
    advance(columns, dt, steps)
    after: double = energy(columns)
    return before, after
