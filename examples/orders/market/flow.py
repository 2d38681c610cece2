"""Made-up orders, the same on every machine."""

import __static__

from typing import Final

from market.exchange import Exchange

START: Final = 10_000


class Flow:
    """A trader's orders around a price that drifts."""

    def __init__(self, seed: int) -> None:
        self.state: int = seed
        self.centre: int = START

    def below(self, limit: int) -> int:
        """A pseudo-random number, at least 0 and less than `limit`."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self.state >> 33) % limit

    def next(self) -> tuple[bool, int, int]:
        """Whether the next order buys, at what price, and how much."""
        self.centre += self.below(5) - 2
        if self.centre < START // 2:
            self.centre = START // 2
        buys = self.below(2) == 0
        away = self.below(20) - 6
        price = self.centre - away if buys else self.centre + away
        return buys, price, 1 + self.below(100)


def simulate(count: int, seed: int = 1) -> tuple[int, int, int]:
    """Send `count` orders, cancelling one in eight; trades, lots and value traded."""
    exchange = Exchange()
    flow = Flow(seed)
    symbols = ["ALPHA", "BETA", "GAMMA"]
    trades = 0
    for ident in range(count):
        if ident > 0 and flow.below(8) == 0:
            exchange.cancel(flow.below(ident))
        buys, price, quantity = flow.next()
        symbol = symbols[flow.below(3)]
        trades += len(exchange.submit(ident, "t" + str(ident % 10), symbol, buys, price, quantity))
    lots = 0
    value = 0
    for book in exchange.books.values():
        lots += book.volume
        value += book.turnover
    return trades, lots, value
