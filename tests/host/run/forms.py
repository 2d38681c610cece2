import forms_static as m, pickle, copy, gc, sys
from unittest import mock
try: m.Shape("x"); print("?")
except TypeError as e: print(e)
s = m.Square(3.0); print(s.area(), s.double, s.name, m.Square.unit().side, m.Square.what()); s.double = 10; print(s.side)
b = m.Box([1]); print(b.item); b = m.Box[int](5); print(b.item, m.Box[int])
p = m.Private(); print(p.get(), p._y, p._Private__x)
x = m.Slotted(); print(x.a, x.b)
print(m.Colour.RED, list(m.Colour))
print(m.Point(1), m.Point(1) == m.Point(1, 0), m.Frozen(3), m.NT(1), m.NT.__name__)
try: raise m.Err(5)
except m.Err as e: print(e.code, e.args, repr(e))
d = m.DD(); d[1] = 2; print(d, d.extra)
print(m.WithMeta().v, type(m.WithMeta), m.WithMeta.v)
print(m.Registry.known, m.R2().q)
print(m.Outer().inner.v, m.Outer.Inner.__qualname__)
try: print(m.Cached(3).big)
except TypeError as e: print("cached:", e)
print(m.Ordered(1) <= m.Ordered(2), {m.Ordered(1): 1}[m.Ordered(1)])
print(m.New(1, 2).v, m.make()().w)
w = m.WithDict(); w.b = 3; print(w.__dict__["b"], w.a, copy.copy(w).b)
c = m.Call(); print(c(3), len(c), c[4], list(c), 1 in c, repr(c), bool(c))
with c: pass
for o in (s, p, x, m.Point(1), m.Frozen(2), m.NT(1), m.Err(3), m.Ordered(4), m.New(1), w, c):
    q = pickle.loads(pickle.dumps(o)); assert type(q) is type(o)
    q = copy.deepcopy(o)
def cyc():
    w = m.WithDict(); w.me = w
    b = m.Box(None); b.item = b
    for C in (m.Square, m.Box, m.Private, m.Point, m.New, m.Call):
        class D(C): pass
        try: o = D(1)
        except TypeError: o = D()
        o.z = o
for i in range(50): cyc()
gc.collect()
