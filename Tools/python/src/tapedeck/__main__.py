"""`python -m tapedeck run bot.py [arguments]`: a bot, unchanged, through `tapedeck proxy`."""

import os
import runpy
import sys

from ._errors import TapedeckError

_USAGE = """usage: python -m tapedeck run SCRIPT [ARGUMENT ...]
       python -m tapedeck run -m MODULE [ARGUMENT ...]

Runs a bot that uses pybit or ccxt through `tapedeck proxy`, at $TAPEDECK_REST_URL and $TAPEDECK_WS_URL; under
`tapedeck test-bot` on the virtual clock of the recording ($TAPEDECK_CLOCK)."""


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(_USAGE)
        return 0
    if len(arguments) < 2 or arguments[0] != "run" or (arguments[1] == "-m" and len(arguments) < 3):
        print(_USAGE, file=sys.stderr)
        return 64
    from . import _patching

    try:
        if os.environ.get("TAPEDECK_CLOCK"):
            # Before anything of the bot is imported, so that it finds no other clock.
            from . import _clock

            _clock.install(os.environ["TAPEDECK_CLOCK"])
        _patching.install()
    except TapedeckError as error:
        print(error, file=sys.stderr)
        return 64
    if arguments[1] == "-m":
        sys.argv = arguments[2:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[2], run_name="__main__", alter_sys=True)
        return 0
    script = arguments[1]
    if not os.path.isfile(script):
        print(f"{script} is no file", file=sys.stderr)
        return 66
    sys.argv = arguments[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    runpy.run_path(script, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
