"""Writes shares, audit lines, consent and pictures one after the other and says so, each once it is committed.

It tries again when a write is refused, and says what the refusal was; it ends when its standard input is closed.
"""

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

TABLES = {
    "share": ("sharing_share", "id"),
    "audit": ("company_auditentry", "id"),
    "consent": ("people_consentevent", "id"),
    "upload": ("company_storedfile", "id"),
}
"""What it writes, and where each can be found again."""


def main() -> None:
    """Write until told to end."""
    import django

    django.setup()
    from django.db import OperationalError, connection

    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    if less := os.environ.get("DRILL_SYNCHRONOUS"):
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous = {less}")
    kinds = _writers()
    number = 0
    while not ended.is_set():
        name = list(kinds)[number % len(kinds)]
        number += 1
        try:
            key = kinds[name](number)
        except (OperationalError, OSError) as error:
            print("refused", name, " ".join(str(error).split()), flush=True)
            connection.close()
            time.sleep(0.02)
        else:
            print(name, key, flush=True)


def _writers() -> Mapping[str, Callable[[int], int]]:
    from PIL import Image

    from vocero.company import audit
    from vocero.company.files import store_image
    from vocero.company.models import Program
    from vocero.content.models import Post
    from vocero.people import services as people
    from vocero.people.models import ConsentEvent, Enrolment, Member
    from vocero.sharing.services import share_post

    program, post = Program.objects.get(), Post.objects.order_by("pk")[0]
    everybody = list(Member.objects.order_by("pk"))
    tag = os.getpid()

    def share(number: int) -> int:
        at = datetime.now(UTC)
        return share_post(everybody[0], post, network="linkedin", text=f"Look {tag} {number}", at=at).pk

    def write_audit(number: int) -> int:
        return audit.record("drill.done", actor="", at=datetime.now(UTC), detail={"number": number}).pk

    def consent(number: int) -> int:
        member = everybody[-1]
        at = datetime.now(UTC)
        if Enrolment.objects.get(member=member, program=program).state == Enrolment.State.PAUSED:
            people.resume(member, program, language="en", at=at)
        else:
            people.pause(member, program, language="en", at=at)
        return ConsentEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]

    def upload(number: int) -> int:
        picture = io.BytesIO()
        Image.effect_noise((64, 64), 1 + number % 100).save(picture, "PNG")
        return store_image(picture.getvalue(), at=datetime.now(UTC)).pk

    return {"share": share, "audit": write_audit, "consent": consent, "upload": upload}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    main()
