"""The order book of one symbol. Prices are whole ticks, quantities whole lots."""

import __static__

from bisect import insort
from enum import IntEnum
from typing import Optional


class Side(IntEnum):
    """What an order wants to do."""

    BUY = 1
    SELL = -1


class Order:
    """A wish to trade up to `quantity` lots at `price` or better."""

    def __init__(self, ident: int, trader: str, symbol: str, buys: bool, price: int, quantity: int) -> None:
        self.ident: int = ident
        self.trader: str = trader
        self.symbol: str = symbol
        self.buys: bool = buys
        self.price: int = price
        self.quantity: int = quantity
        self.left: int = quantity

    @property
    def filled(self) -> int:
        return self.quantity - self.left

    def crosses(self, price: int) -> bool:
        """Whether this order would trade at `price`."""
        return self.price >= price if self.buys else self.price <= price


class Trade:
    """An exchange of lots between a resting order and one that came in."""

    def __init__(self, resting: Order, incoming: Order, quantity: int) -> None:
        self.resting: Order = resting
        self.incoming: Order = incoming
        # The resting order was there first, so its price counts.
        self.price: int = resting.price
        self.quantity: int = quantity

    @property
    def value(self) -> int:
        return self.price * self.quantity


class Level:
    """The orders of one price, the oldest first."""

    def __init__(self, price: int) -> None:
        self.price: int = price
        self.orders: list[Order] = []
        # How many at the front are done with; they are cut off in bulk.
        self.done: int = 0

    def first(self) -> Optional[Order]:
        """The oldest order that still wants something."""
        orders = self.orders
        while self.done < len(orders):
            order = orders[self.done]
            if order.left > 0:
                return order
            self.done += 1
        return None

    def trim(self) -> None:
        if self.done > 32:
            self.orders = self.orders[self.done :]
            self.done = 0

    def quantity(self) -> int:
        return sum(order.left for order in self.orders)


class HalfBook:
    """One side of a book: its levels by price, and the prices in order, the best one last."""

    def __init__(self, buys: bool) -> None:
        self.buys: bool = buys
        self.levels: dict[int, Level] = {}
        # Prices with a sign that puts the best last: as they are for bids, negated for asks.
        self.keys: list[int] = []

    def key(self, price: int) -> int:
        return price if self.buys else -price

    def best(self) -> Optional[Level]:
        """The level that trades first."""
        while self.keys:
            level = self.levels[self.key(self.keys[-1])]
            if level.first() is not None:
                return level
            self.keys.pop()
            self.levels.pop(level.price)
        return None

    def add(self, order: Order) -> None:
        level = self.levels.get(order.price)
        if level is None:
            level = Level(order.price)
            self.levels[order.price] = level
            insort(self.keys, self.key(order.price))
        level.orders.append(order)

    def depth(self, limit: int) -> list[tuple[int, int]]:
        """Price and quantity of the `limit` best levels."""
        result: list[tuple[int, int]] = []
        for key in reversed(self.keys):
            level = self.levels[self.key(key)]
            quantity = level.quantity()
            if quantity > 0:
                result.append((level.price, quantity))
            if len(result) == limit:
                break
        return result


class Book:
    """Both sides of a symbol, and what was traded."""

    def __init__(self, symbol: str) -> None:
        self.symbol: str = symbol
        self.bids: HalfBook = HalfBook(True)
        self.asks: HalfBook = HalfBook(False)
        self.volume: int = 0
        self.turnover: int = 0
        self.last: Optional[int] = None

    def submit(self, order: Order) -> list[Trade]:
        """Match `order` against the other side; what is left of it rests in the book."""
        trades: list[Trade] = []
        other = self.asks if order.buys else self.bids
        while order.left > 0:
            level = other.best()
            if level is None or not order.crosses(level.price):
                break
            resting = level.first()
            while resting is not None and order.left > 0:
                quantity = resting.left if resting.left < order.left else order.left
                resting.left -= quantity
                order.left -= quantity
                trade = Trade(resting, order, quantity)
                trades.append(trade)
                self.volume += quantity
                self.turnover += trade.value
                self.last = trade.price
                resting = level.first()
            level.trim()
        if order.left > 0:
            mine = self.bids if order.buys else self.asks
            mine.add(order)
        return trades
