"""Start the service, drive it over loopback, and audit its record: `python main.py [N] [--json] [--time]`.

`--serve PORT` only starts the service, for `client.py` or a browser.
"""

import argparse
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from client import Client, drive
from service import Service, serve

SYMBOLS = ["ALPHA", "BETA", "GAMMA"]
BAD_REQUESTS = [
    ("POST", "/orders", {"trader": "x", "symbol": "ALPHA", "side": "buy", "price": -1, "quantity": 1}),
    ("POST", "/orders", {"trader": "x", "symbol": "ALPHA", "side": "give", "price": 1, "quantity": 1}),
    ("POST", "/orders", {"trader": "x", "symbol": "ALPHA", "side": "buy", "price": "a lot", "quantity": 1}),
    ("GET", "/orders/999999999", None),
    ("GET", "/nothing", None),
]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="An order-matching service and three clients.")
    parser.add_argument("orders", nargs="?", type=int, default=300, metavar="N", help="orders of each client")
    parser.add_argument("--serve", type=int, metavar="PORT", help="only serve, until interrupted")
    parser.add_argument("--database", default=":memory:", metavar="FILE", help="where to keep the record")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--time", action="store_true", help="report requests per second on standard error")
    options = parser.parse_args(argv)

    service = Service(options.database)
    server = serve(service, options.serve or 0)
    if options.serve is not None:
        print(f"serving on http://127.0.0.1:{server.server_port}", file=sys.stderr)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 130

    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    started = time.perf_counter()
    # Each client has a symbol of its own, so that what happens does not depend on who comes first.
    with ThreadPoolExecutor(len(SYMBOLS)) as pool:
        jobs = [pool.submit(drive, port, symbol, seed, options.orders) for seed, symbol in enumerate(SYMBOLS, 1)]
        reports = [job.result() for job in jobs]
    seconds = time.perf_counter() - started

    client = Client(port)
    refusals = [client.call(*request)[0] for request in BAD_REQUESTS]
    positions = [client.call("GET", f"/traders/{symbol}-0")[1] for symbol in SYMBOLS]
    client.close()
    server.shutdown()
    server.server_close()

    engine = [
        (report["book"]["symbol"], report["trades"], report["book"]["volume"], report["book"]["turnover"])
        for report in reports
        if report["trades"]
    ]
    if engine != service.totals():
        print(f"the record differs from the engine: {service.totals()} and {engine}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"reports": reports, "positions": positions, "refusals": refusals}))
    else:
        for report in reports:
            book = report["book"]
            print(f"{book['symbol']}: {report['trades']} trades, {book['volume']} lots, last at {book['last']}")
            print(f"  {report['cancelled']} lots cancelled, value {book['turnover']}")
            print("  bids " + ", ".join(f"{quantity} at {price}" for price, quantity in book["bids"]))
            print("  asks " + ", ".join(f"{quantity} at {price}" for price, quantity in book["asks"]))
        for position in positions:
            print(f"{position['trader']}: bought {position['bought']}, sold {position['sold']}")
        print(f"refused with {refusals}")
        print("the record agrees")
    if options.time:
        print(f"{3 * options.orders / seconds:.0f} orders per second", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
