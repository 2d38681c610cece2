import __static__

from copied_base import Thing, is_thing


class Point:
    def __init__(self, x: int) -> None:
        self.x: int = x

    def moved(self, by: int) -> "Point":
        return Point(self.x + by)


class Box:
    def __init__(self, point: Point) -> None:
        self.point: Point = point


def make(x: int) -> Point:
    return Point(x)


def is_point(value: object) -> bool:
    return isinstance(value, Point)


def x_of(point: Point) -> int:
    return point.x


def box(point: Point) -> Box:
    return Box(point)


def thing(n: int) -> Thing:
    return Thing(n)


def knows(value: object) -> bool:
    return is_thing(value)
