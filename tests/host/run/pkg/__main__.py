import sys; print("main of the package", sys.argv[1:])
