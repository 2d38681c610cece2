"""The matrix a(i, j) = 1 / ((i + j)(i + j + 1) / 2 + i + 1), applied without being stored."""

import __static__


def entry(row: int, column: int) -> float:
    diagonal = row + column
    return 1.0 / (diagonal * (diagonal + 1) // 2 + row + 1)


def times(vector: list[float], result: list[float]) -> None:
    """`result` = A `vector`."""
    size = len(vector)
    for row in range(size):
        total = 0.0
        for column in range(size):
            total += entry(row, column) * vector[column]
        result[row] = total


def transposed_times(vector: list[float], result: list[float]) -> None:
    """`result` = transposed A `vector`."""
    size = len(vector)
    for row in range(size):
        total = 0.0
        for column in range(size):
            total += entry(column, row) * vector[column]
        result[row] = total
