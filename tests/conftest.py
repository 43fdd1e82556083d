"""Signals must arrive in tests: pytest started in the background, or by nohup, inherits some as ignored."""

from __future__ import annotations

import signal

for each, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(each) is signal.SIG_IGN:
        signal.signal(each, handler)
