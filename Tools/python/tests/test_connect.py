"""Where a bot is led, and past what."""

import os
import types
import unittest
from unittest import mock

from tapedeck import TapedeckError, _patching, connect


class Addresses(unittest.TestCase):
    def test_a_proxy_of_the_environment_gets_nothing_of_what_goes_to_tapedeck(self):
        names = {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": "intra.example"}
        with mock.patch.dict(os.environ, names, clear=True):
            connect.urls("http://127.0.0.1:9000")
            connect.urls("http://127.0.0.1:9000")
            self.assertEqual(os.environ["NO_PROXY"], "intra.example,127.0.0.1")
            self.assertEqual(os.environ["no_proxy"], "intra.example,127.0.0.1")

    def test_an_environment_without_a_proxy_stays_as_it_is(self):
        with mock.patch.dict(os.environ, {"HOME": "/"}, clear=True):
            connect.urls("http://127.0.0.1:9000")
            self.assertEqual(dict(os.environ), {"HOME": "/"})

    def test_an_address_that_is_none_is_refused(self):
        for address in ("127.0.0.1:9000", "http://127.0.0.1:9000/v5", "ftp://127.0.0.1"):
            with self.assertRaises(TapedeckError):
                connect.urls(address)


class Patching(unittest.TestCase):
    def test_a_library_that_has_other_parts_is_named_and_does_not_go_past_the_proxy(self):
        strange = types.ModuleType("pybit._http_manager")
        with self.assertRaisesRegex(TapedeckError, "pybit._http_manager of this version"):
            _patching._apply(lambda module: _patching._pybit_http(module, "http://x", "ws://x"), strange)


if __name__ == "__main__":
    unittest.main()
