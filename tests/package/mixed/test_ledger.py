"""Tests of a program that is static in part, with the hook installed by `conftest.py`."""

import copy
import inspect
import pickle
from unittest import mock

import keelback
import pytest

import ledger
import report
from ledger import Account


def test_the_static_module_is_compiled():
    known = keelback.info(ledger.interest)
    assert known.compiled and known.tier == "native", known
    assert known.signature == "(account: Account, years: int) -> int"
    assert keelback.info(Account.deposit).compiled
    assert keelback.info(Account("a", 1).deposit).name == "ledger:Account.deposit"
    assert not keelback.info(report.lines).compiled
    assert keelback.stats().modules >= 1


def test_values():
    account = Account("ada", 1000)
    account.deposit(500)
    assert account.cents == 1500
    assert ledger.interest(account, 2) == 60
    assert ledger.total([account, Account("bob", 1)]) == 1501
    assert keelback.info(ledger.total).code_bytes > 0


def test_the_dynamic_module_uses_it():
    accounts = [Account("bob", 100), Account("ada", 200)]
    assert list(report.lines(accounts, 10)) == ["ada: 200 + 60", "bob: 100 + 30"]


def test_errors_pass_through():
    with pytest.raises(ValueError, match="positive") as caught:
        Account("ada", 1).deposit(0)
    assert [entry.name for entry in caught.traceback] == ["test_errors_pass_through", "deposit"]
    with pytest.raises(TypeError, match="expected 'int' for argument cents"):
        Account("ada", 1).deposit("much")
    with pytest.raises(OverflowError):
        Account("ada", 2**63)


@pytest.mark.parametrize("years, expected", [(1, 20), (10, 300)])
def test_parameters(years, expected):
    assert ledger.interest(Account("ada", 1000), years) == expected


def test_a_static_function_can_be_patched():
    account = Account("ada", 1000)
    assert ledger.interest(account, 1) == 20
    with mock.patch.object(ledger, "rate", return_value=50) as rate:
        assert ledger.interest(account, 2) == 1000
    assert rate.call_args_list == [mock.call(2), mock.call(2)]
    with mock.patch("ledger.rate", lambda years: "much"):
        with pytest.raises(TypeError, match="unexpected return type from rate"):
            ledger.interest(account, 1)
    assert ledger.interest(account, 1) == 20


def test_a_method_can_be_patched(monkeypatch):
    monkeypatch.setattr(Account, "deposit", lambda self, cents: None)
    account = Account("ada", 1)
    account.deposit(5)
    assert account.cents == 1


def test_functions_stay_functions():
    assert inspect.isfunction(ledger.interest)
    assert str(inspect.signature(ledger.rate)) == "(years: int) -> int"
    account = copy.copy(pickle.loads(pickle.dumps(Account("ada", 7))))
    assert (account.owner, account.cents) == ("ada", 7)
