"""wrk as a load that counts what fails. It follows RFC 9112, section 9.6: behind an answer with
`Connection: close` it opens another connection, and nothing has failed; a connection that ends
without one while a request waits is a failure."""

import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("connect", "read", "write", "timeout", "status")


class Load:
    def __init__(self, url, connections, seconds):
        self.url = url
        self.process = subprocess.Popen(
            ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s",
             "-s", os.path.join(HERE, "wrk.lua"), url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def running(self):
        return self.process.poll() is None

    def done(self):
        """{"requests": n, and a count for each of KINDS}, when its time is over."""
        text = self.process.communicate()[0]
        found = {k: int(v) for k, v in re.findall(r"^(\w+) (\d+)$", text, re.MULTILINE)}
        if not found.get("requests"):
            raise AssertionError(f"wrk {self.url}: no figures\n{text}")
        return found

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.communicate()


def failed(figures):
    return sum(figures[k] for k in KINDS)
