"""An exchange that matches orders by price and then by time."""
