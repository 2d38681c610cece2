"""A trader that drives the service over HTTP: `python client.py PORT [N]`, or `drive` from a program."""

import http.client
import json
import sys

from market.flow import Flow


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        """Status and decoded body of one request."""
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def close(self) -> None:
        self.connection.close()


def drive(port: int, symbol: str, seed: int, count: int) -> dict:
    """Send `count` orders for one symbol, cancel each seventh, and report what came of it."""
    client = Client(port)
    flow = Flow(seed)
    trades = cancelled = 0
    try:
        for number in range(count):
            buys, price, quantity = flow.next()
            order = {
                "trader": f"{symbol}-{number % 3}",
                "symbol": symbol,
                "side": "buy" if buys else "sell",
                "price": price,
                "quantity": quantity,
            }
            status, answer = client.call("POST", "/orders", order)
            if status != 201:
                raise RuntimeError(f"order refused: {answer}")
            trades += len(answer["trades"])
            if number % 7 == 6:
                cancelled += client.call("DELETE", f"/orders/{answer['id']}")[1]["cancelled"]
        return {"trades": trades, "cancelled": cancelled, "book": client.call("GET", f"/books/{symbol}")[1]}
    finally:
        client.close()


if __name__ == "__main__":
    print(json.dumps(drive(int(sys.argv[1]), "ALPHA", 1, int(sys.argv[2]) if len(sys.argv) > 2 else 100), indent=2))
