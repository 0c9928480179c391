"""A machine is quicker than a person: after each step in a browser, a test goes on only when the page stands still.

Without it, what is read right after a click may be a page that has half arrived, and what is clicked right after a
page arrived is lost, because its behaviors have not started yet. Such tests pass on a quick machine and fail on a slow one.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

STEPS = {
    "Page": ("goto", "reload", "go_back", "go_forward"),
    "Locator": (
        "check", "click", "dblclick", "fill", "press", "select_option", "set_checked", "set_input_files", "tap", "uncheck",
    ),
}  # fmt: skip
# The behaviors of a page of ours have started, and nothing is on its way to the server or being put into the page.
STILL = (
    "html[data-started]:not(:has(.htmx-request, .htmx-swapping, .htmx-settling)):not(.htmx-request),"
    "html:not(:has(script[src*='/js/app']))"
)
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 400_000, "uploadThroughput": 400_000}


def patient(page: Any, *, with_script: bool = True) -> Any:
    """Let the page's steps wait until it stands still: `page.does_wait = False` ends that, for requests that a test holds."""
    page.does_wait, page.has_script = True, with_script
    return page


def slow(page: Any) -> None:
    """Give the page a network as on a train, which brings out what a test does not wait for."""
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_NETWORK)


def stand_still(page: Any) -> None:
    """Wait until the page has arrived, its behaviors have started and its requests have been answered."""
    page.wait_for_load_state("domcontentloaded")
    if page.has_script:
        page.locator(STILL).wait_for(state="attached")


def wait_on(page: Any, condition: Callable[[], bool]) -> None:
    """Let the browser work until something has happened on this side of it."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never happened")


def teach(interface: Any) -> None:
    """Let every step of Playwright's interface end with the page standing still, where the page is `patient`."""
    for name, steps in STEPS.items():
        kind = getattr(interface, name)
        for step in steps:
            setattr(kind, step, _followed(getattr(kind, step)))


def _followed(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def taken(self: Any, *args: Any, **more: Any) -> Any:
        answer = step(self, *args, **more)
        page = getattr(self, "page", self)
        if getattr(page, "does_wait", False) and not page.is_closed():
            stand_still(page)
        return answer

    return taken
