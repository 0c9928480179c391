"""Processes that belong together end together, however their parent ends."""

import contextlib
import ctypes
import os
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


def work_in_batches() -> None:
    """Ask the kernel not to interrupt one thread of this process for another at each wake-up (SCHED_BATCH).

    Threads that hand work to each other then work off all that is there before they take turns. Threads started later
    are asked too. Does nothing where the kernel does not know it or does not allow it.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
