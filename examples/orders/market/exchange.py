"""All books, and orders by number."""

import __static__

from market.book import Book, Order, Trade


class UnknownOrder(Exception):
    """No order has that number."""


class InvalidOrder(Exception):
    """An order that makes no sense."""


class Exchange:
    """The engine behind the service: takes orders, gives trades."""

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}
        self.orders: dict[int, Order] = {}
        self.by_trader: dict[str, list[Order]] = {}

    def book(self, symbol: str) -> Book:
        book = self.books.get(symbol)
        if book is None:
            book = Book(symbol)
            self.books[symbol] = book
        return book

    def submit(self, ident: int, trader: str, symbol: str, buys: bool, price: int, quantity: int) -> list[Trade]:
        """Enter an order; the trades that it makes at once.

        Raises InvalidOrder for a price or a quantity that is not positive, or a number that was used.
        """
        if price <= 0:
            raise InvalidOrder("the price must be positive")
        if quantity <= 0:
            raise InvalidOrder("the quantity must be positive")
        if ident in self.orders:
            raise InvalidOrder(f"there is an order {ident} already")
        order = Order(ident, trader, symbol, buys, price, quantity)
        self.orders[ident] = order
        if trader not in self.by_trader:
            self.by_trader[trader] = []
        self.by_trader[trader].append(order)
        return self.book(symbol).submit(order)

    def find(self, ident: int) -> Order:
        order = self.orders.get(ident)
        if order is None:
            raise UnknownOrder(f"there is no order {ident}")
        return order

    def cancel(self, ident: int) -> int:
        """Withdraw what is left of an order; how much that was."""
        order = self.find(ident)
        left = order.left
        order.quantity -= left
        order.left = 0
        return left

    def position(self, trader: str) -> tuple[int, int]:
        """Lots bought and lots sold by `trader`."""
        bought = 0
        sold = 0
        for order in self.by_trader.get(trader, []):
            if order.buys:
                bought += order.filled
            else:
                sold += order.filled
        return bought, sold
