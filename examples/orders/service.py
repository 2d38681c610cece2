"""The exchange over HTTP, with every order and trade recorded in SQLite: the dynamic front end of the static engine.

    POST   /orders        {"trader", "symbol", "side": "buy" or "sell", "price", "quantity"}
    GET    /orders/ID
    DELETE /orders/ID
    GET    /books/SYMBOL
    GET    /traders/NAME
"""

import itertools
import json
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from market.book import Order, Side
from market.exchange import Exchange, InvalidOrder, UnknownOrder

SCHEMA = """
    CREATE TABLE orders (id INTEGER PRIMARY KEY, trader TEXT, symbol TEXT, side INTEGER, price INTEGER, quantity INTEGER);
    CREATE TABLE trades (
        buyer INTEGER REFERENCES orders, seller INTEGER REFERENCES orders, symbol TEXT, price INTEGER, quantity INTEGER
    );
    CREATE TABLE cancellations (id INTEGER REFERENCES orders, quantity INTEGER);
"""


class Service:
    """The engine and its record, one request at a time."""

    def __init__(self, database: str = ":memory:") -> None:
        self.exchange = Exchange()
        self.lock = threading.Lock()
        self.idents = itertools.count(1)
        self.database = sqlite3.connect(database, check_same_thread=False)
        self.database.executescript(SCHEMA)

    def submit(self, body: dict) -> dict:
        side = Side[str(body["side"]).upper()]
        with self.lock, self.database:
            ident = next(self.idents)
            buys = side is Side.BUY
            trades = self.exchange.submit(
                ident, body["trader"], body["symbol"], buys, body["price"], body["quantity"]
            )
            self.database.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
                (ident, body["trader"], body["symbol"], int(side), body["price"], body["quantity"]),
            )
            rows = []
            for trade in trades:
                pair = (trade.incoming.ident, trade.resting.ident)
                buyer, seller = pair if buys else pair[::-1]
                rows.append((buyer, seller, body["symbol"], trade.price, trade.quantity))
            self.database.executemany("INSERT INTO trades VALUES (?, ?, ?, ?, ?)", rows)
            return {**self.describe(self.exchange.find(ident)), "trades": [list(row[3:]) for row in rows]}

    def cancel(self, ident: int) -> dict:
        with self.lock, self.database:
            left = self.exchange.cancel(ident)
            if left:
                self.database.execute("INSERT INTO cancellations VALUES (?, ?)", (ident, left))
            return {"id": ident, "cancelled": left}

    def order(self, ident: int) -> dict:
        with self.lock:
            return self.describe(self.exchange.find(ident))

    def book(self, symbol: str) -> dict:
        with self.lock:
            book = self.exchange.book(symbol)
            return {
                "symbol": symbol,
                "last": book.last,
                "volume": book.volume,
                "turnover": book.turnover,
                "bids": book.bids.depth(3),
                "asks": book.asks.depth(3),
            }

    def trader(self, name: str) -> dict:
        with self.lock:
            bought, sold = self.exchange.position(name)
            return {"trader": name, "bought": bought, "sold": sold}

    @staticmethod
    def describe(order: Order) -> dict:
        return {"id": order.ident, "filled": order.filled, "left": order.left}

    def totals(self) -> list[tuple]:
        """What the record says was traded, by symbol."""
        with self.lock:
            return self.database.execute(
                "SELECT symbol, count(*), sum(quantity), sum(price * quantity) FROM trades GROUP BY symbol ORDER BY symbol"
            ).fetchall()


class Handler(BaseHTTPRequestHandler):
    """Turns requests into calls of the server's `service`."""

    protocol_version = "HTTP/1.1"
    # Answers are small; waiting to fill a packet would cost more than it saves.
    disable_nagle_algorithm = True

    def respond(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_request(self, method: str) -> None:
        service: Service = self.server.service  # type: ignore[attr-defined]
        # The body is read whatever the request is, or it would be taken for the next request's first line.
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        try:
            match [method, *parts]:
                case ["POST", "orders"]:
                    self.respond(201, service.submit(json.loads(body)))
                case ["GET", "orders", ident]:
                    self.respond(200, service.order(int(ident)))
                case ["DELETE", "orders", ident]:
                    self.respond(200, service.cancel(int(ident)))
                case ["GET", "books", symbol]:
                    self.respond(200, service.book(symbol))
                case ["GET", "traders", name]:
                    self.respond(200, service.trader(name))
                case _:
                    self.respond(404, {"error": "no such resource"})
        except UnknownOrder as error:
            self.respond(404, {"error": str(error)})
        except InvalidOrder as error:
            self.respond(422, {"error": str(error)})
        except (KeyError, TypeError, ValueError):
            # A missing key, an unknown side, or a value of the wrong type, which the engine's signature rejects.
            self.respond(400, {"error": "malformed order"})

    def do_GET(self) -> None:
        self.handle_request("GET")

    def do_POST(self) -> None:
        self.handle_request("POST")

    def do_DELETE(self) -> None:
        self.handle_request("DELETE")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def serve(service: Service, port: int = 0) -> ThreadingHTTPServer:
    """A server on the loopback interface, not started; port 0 takes any free one."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.service = service  # type: ignore[attr-defined]
    return server
