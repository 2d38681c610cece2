import sys

kind = sys.argv[1]
if kind == "none":
    sys.exit(None)
if kind == "object":
    sys.exit([1, 2])
if kind == "atexit":
    import atexit

    atexit.register(print, "at exit")
    print("before")
    sys.exit(300)
if kind == "thread":
    import threading
    import time

    def late():
        time.sleep(0.2)
        print("late")

    threading.Thread(target=late).start()
    print("early")
