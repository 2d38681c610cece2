"""Martin Richards's simulation of an operating system's kernel: six tasks that hand packets to each other."""
