"""Processes that belong together end together, however their parent ends; and how eagerly their threads take the processor."""

import contextlib
import ctypes
import os
import platform
import signal
import struct
import sys
import threading

ENDING = threading.Event()
"""Set once this process was asked to end: long work takes on nothing new."""

_PR_SET_PDEATHSIG = 1
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SCHED_ATTR = struct.Struct("=IIQiIQQQ")
_SLICE_NS = 100_000  # the least that Linux gives


def end_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent is gone, also by kill -9; does nothing outside Linux.

    To be called in the child.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)


def wait_for_turn() -> None:
    """Let this thread, and those that it starts, wait until others pause instead of pushing them aside when it is woken.

    Where threads hand work on to each other the work then gathers, and they change places once for many pieces of it.
    Does nothing outside Linux, or where a sandbox forbids it.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def go_first() -> None:
    """Let this thread, and those that it starts, ask for the processor for a tenth of a millisecond at a time.

    Who asks for little is let in before those that compute for long. Does nothing where Linux is older than 6.12, on other
    systems and processors, or where a sandbox forbids it.
    """
    number = _SCHED_SETATTR.get(platform.machine()) if sys.platform.startswith("linux") else None
    if number is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        asked = _SCHED_ATTR.pack(_SCHED_ATTR.size, os.SCHED_OTHER, 0, nice, 0, _SLICE_NS, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, asked, 0)


def give_way(nice: int) -> None:
    """Make this process so much nicer to others when the processor does not suffice; nothing where a sandbox forbids it."""
    with contextlib.suppress(OSError):
        os.nice(nice)
