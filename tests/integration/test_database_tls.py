"""A database that is reached by a host's name over TCP, with TLS, and whose certificate is checked:
tasks, which may read few files, connect as workers do."""

import os
import socket
import subprocess
import tempfile
import unittest

from integration.test_queue import ended, sent
from support.pg import Cluster
from support.server import Server
from support.wait import wait_until


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder):
    """(certificate, key) of localhost, signed by itself."""
    crt, key = os.path.join(folder, "server.crt"), os.path.join(folder, "server.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                    "-keyout", key, "-out", crt], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return crt, key


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="waybill-tls-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.crt, key = certificate(cls.folder.name)
        # ops/pg keeps the port, and another's PostgreSQL may have it: an address of its own.
        address = f"127.{100 + (os.getpid() >> 16)}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        cls.cluster = Cluster(settings=(f"listen_addresses={address}", "ssl=on", f"ssl_cert_file={cls.crt}",
                                        f"ssl_key_file={key}"))
        cls.addClassCleanup(cls.cluster.drop)
        cls.port = free_port()
        relay = subprocess.Popen(["socat", f"TCP-LISTEN:{cls.port},bind=127.0.0.1,fork,reuseaddr",
                                  f"TCP:{address}:5432"])
        cls.addClassCleanup(relay.wait)
        cls.addClassCleanup(relay.terminate)

    def uploaded(self, words, environment=None):
        """Both kinds of tasks load a file, over TLS alone."""
        db = self.cluster.database()
        server = Server(f"host=localhost port={self.port} user=waybill dbname={db.name} {words}",
                        {"workers": 2, "queue_workers": 1}, environment)
        self.addCleanup(server.kill)
        server.start()
        wait_until(lambda: server.client.get("/ready").status == 200, "it has its database")
        r = server.client.upload(b"Waybill Number,Receiver\nTLS1,Ana\n", name="a.csv")
        self.assertEqual((r.status, r.json()["inserted"]), (200, 1), server.log())
        r = sent(server.client, b"Waybill Number,Receiver\nTLS2,Ben\n", **{"async": "true"})
        self.assertEqual(ended(server.client, r.json()["id"])["state"], "completed", server.log())
        server.stop()

    def test_a_certificate_that_the_connection_names(self):
        self.uploaded(f"sslmode=verify-full sslrootcert={self.crt}")

    def test_one_that_the_environment_names(self):
        self.uploaded("", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": self.crt})

    def test_one_of_a_service(self):
        path = os.path.join(self.folder.name, "services")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"[floor]\nsslmode=require\nport={self.port}\n")
        self.uploaded("service=floor", {"PGSERVICEFILE": path})


if __name__ == "__main__":
    unittest.main()
