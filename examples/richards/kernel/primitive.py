"""The same kernel with its numbers in `int64` fields and a packet's letters in an array."""

import __static__
from __static__ import Array, cbool, int64

from typing import Final, Optional

IDLE: Final[int64] = 0
WORKER: Final[int64] = 1
HANDLER_A: Final[int64] = 2
HANDLER_B: Final[int64] = 3
DEVICE_A: Final[int64] = 4
DEVICE_B: Final[int64] = 5
TASKS: Final[int64] = 6

DEVICE_PACKET: Final[int64] = 0
WORK_PACKET: Final[int64] = 1
PACKET_SIZE: Final[int64] = 4

# A task is held, or waits for a packet, or has one in its inbox; bits of `Task.state`.
READY: Final[int64] = 0
HAS_PACKET: Final[int64] = 1
WAITING: Final[int64] = 2
HELD: Final[int64] = 4


class Packet:
    """A message, and a link of the queue that it stands in."""

    def __init__(self, link: Optional["Packet"], owner: int64, kind: int64) -> None:
        self.link: Optional[Packet] = link
        self.owner: int64 = owner
        self.kind: int64 = kind
        self.position: int64 = 0
        self.data: Array[int64] = Array[int64](PACKET_SIZE)


def append_packet(packet: Packet, queue: Optional[Packet]) -> Packet:
    """Put `packet` at the end of `queue`; the new head."""
    packet.link = None
    if queue is None:
        return packet
    last = queue
    following = last.link
    while following is not None:
        last = following
        following = last.link
    last.link = packet
    return queue


class Task:
    """What the scheduler runs. A kind of task overrides `step`."""

    def __init__(self, kernel: "Kernel", ident: int64, priority: int64, inbox: Optional[Packet]) -> None:
        self.kernel: Kernel = kernel
        self.ident: int64 = ident
        self.priority: int64 = priority
        self.inbox: Optional[Packet] = inbox
        self.state: int64 = WAITING if inbox is None else WAITING | HAS_PACKET
        self.link: Optional[Task] = kernel.tasks
        kernel.tasks = self
        kernel.table[ident] = self

    def step(self, packet: Optional[Packet]) -> Optional["Task"]:
        """Do a piece of work, with a packet if one has come; the task to run next."""
        raise NotImplementedError

    def is_blocked(self) -> cbool:
        return (self.state & HELD) != 0 or self.state == WAITING

    def deliver(self, packet: Packet, sender: "Task") -> "Task":
        """Take `packet` from `sender`; whichever of the two is to run next."""
        if self.inbox is None:
            self.inbox = packet
            self.state |= HAS_PACKET
            if self.priority > sender.priority:
                return self
        else:
            append_packet(packet, self.inbox)
        return sender

    def run(self) -> Optional["Task"]:
        """One step, with the first packet of the inbox if the task waited for one."""
        packet: Optional[Packet] = None
        if self.state == WAITING | HAS_PACKET:
            packet = self.inbox
            if packet is not None:
                self.inbox = packet.link
            self.state = READY if self.inbox is None else HAS_PACKET
        return self.step(packet)


class Kernel:
    """The scheduler: who is there, who runs, and how much happened."""

    def __init__(self) -> None:
        self.tasks: Optional[Task] = None
        self.current: Optional[Task] = None
        self.table: list[Optional[Task]] = [None] * TASKS
        self.queued: int64 = 0
        self.held: int64 = 0

    def schedule(self) -> None:
        """Run tasks, the first that is not blocked first, until all are."""
        task = self.tasks
        while task is not None:
            self.current = task
            if task.is_blocked():
                task = task.link
            else:
                task = task.run()

    def running(self) -> Task:
        task = self.current
        assert task is not None
        return task

    def find(self, ident: int64) -> Task:
        task = self.table[ident]
        assert task is not None
        return task

    def wait(self) -> Task:
        """The running task waits for a packet."""
        task = self.running()
        task.state |= WAITING
        return task

    def hold(self) -> Optional[Task]:
        """The running task stops until another releases it."""
        self.held += 1
        task = self.running()
        task.state |= HELD
        return task.link

    def release(self, ident: int64) -> Task:
        """Let a held task go on; it runs at once if it is more urgent."""
        task = self.find(ident)
        task.state &= ~HELD
        running = self.running()
        return task if task.priority > running.priority else running

    def send(self, packet: Packet) -> Task:
        """Give `packet` to its owner, and note who sent it."""
        receiver = self.find(packet.owner)
        self.queued += 1
        sender = self.running()
        packet.link = None
        packet.owner = sender.ident
        return receiver.deliver(packet, sender)


class IdleTask(Task):
    """Releases the two devices in a pseudo-random order, a given number of times."""

    def __init__(self, kernel: Kernel, ident: int64, priority: int64, turns: int64) -> None:
        super().__init__(kernel, ident, priority, None)
        self.state = READY
        self.turns: int64 = turns
        self.seed: int64 = 1

    def step(self, packet: Optional[Packet]) -> Optional[Task]:
        self.turns -= 1
        if self.turns == 0:
            return self.kernel.hold()
        if self.seed & 1 == 0:
            self.seed >>= 1
            return self.kernel.release(DEVICE_A)
        self.seed = (self.seed >> 1) ^ 0xD008
        return self.kernel.release(DEVICE_B)


class WorkerTask(Task):
    """Fills packets with letters and sends them to the two handlers by turns."""

    def __init__(self, kernel: Kernel, ident: int64, priority: int64, inbox: Optional[Packet]) -> None:
        super().__init__(kernel, ident, priority, inbox)
        self.handler: int64 = HANDLER_A
        self.letter: int64 = 0

    def step(self, packet: Optional[Packet]) -> Optional[Task]:
        if packet is None:
            return self.kernel.wait()
        self.handler = HANDLER_B if self.handler == HANDLER_A else HANDLER_A
        packet.owner = self.handler
        packet.position = 0
        data = packet.data
        i: int64 = 0
        while i < PACKET_SIZE:
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            data[i] = 64 + self.letter
            i += 1
        return self.kernel.send(packet)


class HandlerTask(Task):
    """Passes the letters of work packets to a device, one device packet for each."""

    def __init__(self, kernel: Kernel, ident: int64, priority: int64, inbox: Optional[Packet]) -> None:
        super().__init__(kernel, ident, priority, inbox)
        self.work: Optional[Packet] = None
        self.device: Optional[Packet] = None

    def step(self, packet: Optional[Packet]) -> Optional[Task]:
        if packet is not None:
            if packet.kind == WORK_PACKET:
                self.work = append_packet(packet, self.work)
            else:
                self.device = append_packet(packet, self.device)
        work = self.work
        if work is not None:
            position: int64 = work.position
            if position >= PACKET_SIZE:
                self.work = work.link
                return self.kernel.send(work)
            device = self.device
            if device is not None:
                self.device = device.link
                device.position = work.data[position]
                work.position = position + 1
                return self.kernel.send(device)
        return self.kernel.wait()


class DeviceTask(Task):
    """Keeps each packet until it is released, then returns it."""

    def __init__(self, kernel: Kernel, ident: int64, priority: int64, inbox: Optional[Packet]) -> None:
        super().__init__(kernel, ident, priority, inbox)
        self.pending: Optional[Packet] = None

    def step(self, packet: Optional[Packet]) -> Optional[Task]:
        if packet is not None:
            self.pending = packet
            return self.kernel.hold()
        pending = self.pending
        if pending is None:
            return self.kernel.wait()
        self.pending = None
        return self.kernel.send(pending)


def packets(count: int64, owner: int64, kind: int64) -> Optional[Packet]:
    """A queue of `count` packets."""
    queue: Optional[Packet] = None
    while count > 0:
        queue = Packet(queue, owner, kind)
        count -= 1
    return queue


def simulate(turns: int) -> tuple[int, int]:
    """Packets queued and holds counted in a run in which the idle task has `turns` turns."""
    kernel = Kernel()
    IdleTask(kernel, IDLE, 0, turns)
    WorkerTask(kernel, WORKER, 1000, packets(2, WORKER, WORK_PACKET))
    HandlerTask(kernel, HANDLER_A, 2000, packets(3, DEVICE_A, DEVICE_PACKET))
    HandlerTask(kernel, HANDLER_B, 3000, packets(3, DEVICE_B, DEVICE_PACKET))
    DeviceTask(kernel, DEVICE_A, 4000, None)
    DeviceTask(kernel, DEVICE_B, 5000, None)
    kernel.schedule()
    return kernel.queued, kernel.held


def repeat(times: int, turns: int = 10_000) -> tuple[int, int]:
    """The sum of the counts of `times` runs."""
    queued = 0
    held = 0
    for _ in range(times):
        q, h = simulate(turns)
        queued += q
        held += h
    return queued, held
