"""Kills processes at random while something else goes on.

    nemesis = Nemesis(random.Random(seed), {"worker": lambda: ..., "server": lambda: ...})
    with nemesis: ...             # one after another, all equally often, `most` in all
    nemesis.done                  # Counter
"""

import collections
import os
import signal
import socket
import threading
import time

from .wait import wait_until


class Nemesis:
    def __init__(self, random, acts, pause=(0.2, 1.5), most=None):
        self.random = random
        self.acts = acts
        self.pause = pause
        self.most = most
        self.done = collections.Counter()
        self.over = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error

    def _run(self):
        try:
            while True:
                bag = list(self.acts)
                self.random.shuffle(bag)
                for name in bag:
                    if sum(self.done.values()) == self.most:
                        return
                    if self.over.wait(self.random.uniform(*self.pause)):
                        return
                    self.acts[name]()
                    self.done[name] += 1
        except BaseException as e:  # told by __exit__, in the thread that waits
            self.error = e


def refuses(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def acts_on(random, server, cluster):
    """What can happen to a server of its own process group, and to its PostgreSQL."""

    def at_worker(number):
        pids = server.workers()
        if pids:
            pid = random.choice(pids)
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
            return pid
        return None

    def stop_worker():
        pid = at_worker(signal.SIGSTOP)
        time.sleep(random.uniform(0.1, 1))
        try:
            if pid:
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def kill_server():
        os.killpg(server.pid, signal.SIGKILL)
        server.process.wait()
        # Its workers have the socket until they are gone, too; a supervisor waits for that.
        wait_until(lambda: refuses(server.port.number), "nobody listens there")
        server.start(ready=False)

    def kill_database():
        cluster.kill9()
        cluster.start()

    return {
        "worker killed": lambda: at_worker(signal.SIGKILL),
        "worker killed again": lambda: at_worker(signal.SIGKILL),
        "worker stopped": stop_worker,
        "server killed": kill_server,
        "PostgreSQL killed": kill_database,
    }
