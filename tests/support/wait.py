"""Waiting for a condition instead of sleeping, and ports that no other test takes."""

import errno
import fcntl
import os
import random
import socket
import tempfile
import time


def wait_until(condition, what, timeout=30.0, pause=0.01):
    """Returns the first true value of condition(); fails with `what` when it stays
    false for `timeout` seconds. Slow builds multiply by WBTEST_SLOW."""
    end = time.monotonic() + timeout * float(os.environ.get("WBTEST_SLOW", "1"))
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout:g} s")
        time.sleep(pause)


class Port:
    """A TCP port of 127.0.0.1 that is free and stays ours until release(): other
    test programs skip it because of the lock, though nobody listens yet."""

    def __init__(self):
        first = random.randrange(21000, 29000)
        for number in range(first, first + 500):
            path = os.path.join(tempfile.gettempdir(), f"waybill-port-{number}")
            try:
                self.lock = open(path, "w", encoding="ascii")
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.samestat(os.stat(path), os.fstat(self.lock.fileno())):
                    continue  # removed by who had it, as we opened it
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", number))
            except OSError as e:
                if e.errno in (errno.EAGAIN, errno.EACCES, errno.EADDRINUSE, errno.ENOENT):
                    continue
                raise
            self.number = number
            self.path = path
            return
        raise AssertionError("no free port")

    def release(self):
        if self.lock:
            os.unlink(self.path)
            self.lock.close()
            self.lock = None
