"""Processes that belong together end together, however their parent ends; and how eagerly their threads take the processor."""

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


def wait_for_turn(*, wait: bool = True) -> None:
    """Let this thread, and those that it starts, wait until others pause instead of pushing them aside when it is woken.

    Where threads hand work on to each other the work then gathers, and they change places once for many pieces of it.
    With `wait=False` this thread is woken at once again. Does nothing outside Linux, or where a sandbox forbids it.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH if wait else os.SCHED_OTHER, os.sched_param(0))


def give_way(nice: int) -> None:
    """Make this process so much nicer to others when the processor does not suffice; nothing where a sandbox forbids it."""
    with contextlib.suppress(OSError):
        os.nice(nice)
