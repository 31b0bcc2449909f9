"""Tools/Examples, run as they stand but for the port."""

import pathlib
import subprocess
import sys
import unittest

from exchange import Exchange

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tools" / "Examples"


class Examples(unittest.TestCase):
    def test_the_scripts_trade(self):
        for name in ("with_pybit.py", "with_ccxt.py"):
            with self.subTest(name), Exchange("--account", "KEY:SECRET") as exchange:
                script = (FOLDER / name).read_text(encoding="utf-8")
                self.assertIn("127.0.0.1:8443", script)
                lines = [line for line in script.splitlines() if line and not line.startswith("#")]
                self.assertLessEqual(len(lines), 11, "ten lines and an import")
                script = script.replace("127.0.0.1:8443", exchange.url.removeprefix("http://"))
                run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertRegex(run.stdout, r"(?m)^open [Bb]uy 0\.01\d* at \d+")
                self.assertRegex(run.stdout, r"(?m)^position (Buy|long) 0\.01\d* at \d+")
                orders = exchange.status()["orders"]
                self.assertEqual(orders, 2)


if __name__ == "__main__":
    unittest.main()
