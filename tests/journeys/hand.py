"""A person at a page: with a finger, or with the keyboard alone; finds things by what they are, not by their words."""

from typing import Any


class Finger:
    """Taps and types as on a phone."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, selector: str) -> None:
        """Press a button, link or box."""
        self.page.locator(selector).first.click()

    def write(self, selector: str, text: str) -> None:
        """Put a text in the place of what stands in a field."""
        self.page.locator(selector).first.fill(text)

    def choose(self, selector: str, value: str) -> None:
        """Choose an entry of a list."""
        self.page.locator(selector).first.select_option(value)


class Keyboard(Finger):
    """Never touches the page: goes from one thing to the next with the Tab key until it has the right one."""

    MOST = 160

    def _go_to(self, selector: str) -> None:
        wanted = self.page.locator(selector).first
        wanted.wait_for(state="visible")
        for _ in range(self.MOST):
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the Tab key")

    def press(self, selector: str) -> None:
        kind = self.page.locator(selector).first.get_attribute("type")
        if kind == "radio":
            self._go_to_radio(selector)
            return
        self._go_to(selector)
        self.page.keyboard.press("Space" if kind == "checkbox" else "Enter")

    def _go_to_radio(self, selector: str) -> None:
        """Radio buttons of one name are one stop; the arrow keys choose among them."""
        wanted = self.page.locator(selector).first
        name = wanted.get_attribute("name")
        if not wanted.is_checked():
            group = self.page.locator(f'input[type="radio"][name="{name}"]')
            checked = self.page.locator(f'input[type="radio"][name="{name}"]:checked')
            self._go_to(f'input[type="radio"][name="{name}"]' + (":checked" if checked.count() else ""))
            for _ in range(group.count()):
                if wanted.is_checked():
                    break
                self.page.keyboard.press("ArrowDown")
                self.page.locator(".htmx-request").first.wait_for(state="detached")  # a person sees what came of it
        assert wanted.is_checked(), f"{selector} cannot be chosen with the arrow keys"

    def write(self, selector: str, text: str) -> None:
        self._go_to(selector)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def choose(self, selector: str, value: str) -> None:
        self._go_to(selector)
        label = self.page.locator(f'{selector} option[value="{value}"]').first.inner_text()
        self.page.keyboard.type(label[:12])
        assert self.page.locator(selector).first.input_value() == value
