"""A dynamic module over the static one."""

import ledger


def lines(accounts, years):
    for account in sorted(accounts, key=lambda account: account.owner):
        yield f"{account.owner}: {account.cents} + {ledger.interest(account, years)}"
