"""A static module: accounts, and the interest on them."""

import __static__
from __static__ import int64


class Account:
    owner: str
    cents: int64

    def __init__(self, owner: str, cents: int) -> None:
        self.owner = owner
        self.cents = cents

    def deposit(self, cents: int) -> None:
        if cents <= 0:
            raise ValueError("a deposit is positive")
        self.cents += cents


def rate(years: int) -> int:
    return 2 if years < 10 else 3


def interest(account: Account, years: int) -> int:
    total = 0
    for _ in range(years):
        total += account.cents * rate(years) // 100
    return total


def total(accounts: list[Account]) -> int:
    sum = 0
    for account in accounts:
        sum += account.cents
    return sum
