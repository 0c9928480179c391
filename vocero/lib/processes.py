"""Processes that belong together end together, however their parent ends."""

import ctypes
import signal
import sys
import threading

ENDING = threading.Event()
"""Set once this process was asked to end: long work takes on nothing new."""

_PR_SET_PDEATHSIG = 1


def end_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent is gone, also by kill -9; does nothing outside Linux.

    To be called in the child.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
