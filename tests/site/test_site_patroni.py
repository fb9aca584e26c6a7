"""A site (support/lab.py) whose databases are in Patroni's hands, and whose application hosts
reach them through PgBouncer, as site.conf asks for both: it loses its primary while eight stations
scan, and nobody does anything. `make site` runs it."""

import signal
import unittest

from support.lab import Lab, why_not
from support.scenes import LONG, print_table, scene
from support.wait import wait_until

LAB = None


def setUpModule():
    global LAB
    reason = None if LONG else "`make site` runs it"
    reason = reason or why_not()
    if reason:
        raise unittest.SkipTest(reason)
    LAB = Lab(patroni="on", pgbouncer="on")
    unittest.addModuleCleanup(LAB.close)


class ByItself(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        print_table()

    def setUp(self):
        LAB.wait_well(120)

    def test_the_site_is_as_asked(self):
        """Nobody but PgBouncer speaks to the database for an application host."""
        for app in LAB.role("app"):
            self.assertEqual(app.sh("systemctl is-active pgbouncer waybilld waybill-worker").stdout,
                             "active\n" * 3)
            said = app.sh("ss -Htnp state established '( dport = :5432 )'").stdout
            self.assertIn("pgbouncer", said)
            self.assertNotIn("waybilld", said)
        for name in ("mon", "db", "db2"):
            self.assertIn("nothing to change", LAB.set_up(LAB[name], "setup-patroni"))
        out = LAB.ops("verify-site", check=False)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)

    def test_the_primarys_host_is_lost(self):
        old = LAB.primary()

        def act():
            old.power_off()
            wait_until(lambda: any(h is not old and LAB.is_primary(h) for h in LAB.role("db")),
                       "Patroni promotes the standby", 60, 0.2)

        scene(self, LAB, "Patroni and PgBouncer, primary's host lost", act, 30, back=old.power_on,
              seconds=180)

    def test_a_pooler_is_killed(self):
        scene(self, LAB, "an application host's PgBouncer killed",
              lambda: LAB["app1"].signal(signal.SIGKILL, "pgbouncer"), 10)


if __name__ == "__main__":
    unittest.main()
