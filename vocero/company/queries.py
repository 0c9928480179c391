"""Reads the house: its one installation row and its programs."""

from vocero.company.models import Installation, Program


def installation() -> Installation | None:
    """Give the installation row, or None before set-up."""
    return Installation.objects.select_related("logo").filter(pk=1).first()


def house() -> Installation:
    """Give the installation row; raises Installation.DoesNotExist before set-up."""
    return Installation.objects.select_related("logo").get(pk=1)


def main_program() -> Program:
    """Give the first program that is not archived; set-up makes one. Raises Program.DoesNotExist before set-up."""
    program = Program.objects.filter(archived_at=None).order_by("pk").first()
    if program is None:
        raise Program.DoesNotExist
    return program
