"""What is declared never to return, and returns: what follows relies on its not doing so, so that is an error."""
import sys
from unittest import mock

sys.path.insert(0, "modules")
import never_returns as m


def raises(error, function, *args):
    try:
        function(*args)
    except error as raised:
        return str(raised)
    raise AssertionError(f"{function} raised nothing")


class Quiet(m.Exit):
    def now(self):
        return None


number, text = m.Number(4), m.Text("a")
for _ in range(2):
    assert m.by_library(number) == m.by_own(number) == m.by_method(number, m.Exit()) == 5 and m.unset(True) == 3.0
    for function, args in ((m.by_library, ()), (m.by_own, ()), (m.by_method, (m.Exit(),))):
        raises(SystemExit, function, text, *args)
    with mock.patch("sys.exit", lambda code: 7), mock.patch("os.abort", lambda: None):
        assert m.by_library(number) == 5 and m.unset(True) == 3.0
        assert "got 'int'" in raises(TypeError, m.by_library, text)
        assert "got 'NoneType'" in raises(TypeError, m.unset, False)
    with mock.patch.object(m, "stop", lambda code: 7):
        assert m.by_own(number) == 5
        assert "got 'int'" in raises(TypeError, m.by_own, text) or "got int" in raises(TypeError, m.by_own, text)
    assert m.by_method(number, Quiet()) == 5
    raises(TypeError, m.by_method, text, Quiet())
