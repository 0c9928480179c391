"""`vocero reroute`: let the links of a post say that it was taken down, ended or corrected, also where it was shared."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.content.models import Post
from vocero.lib import clock
from vocero.sharing.models import Link
from vocero.sharing.services.rerouting import NotAnAddress, reroute_links


class Command(BaseCommand):
    help = (
        "Changes where all tracked links of a post lead, also those that colleagues have shared: to a page that says why,"
        " or to the post again. Nobody is forwarded to another address by itself."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("post", metavar="LINK", help="one of its tracked links, or the word in the post's address")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--to", metavar="ADDRESS", help="it was corrected: offer this page instead")
        for state, help_text in (
            (Link.State.WITHDRAWN, "it was taken down"),
            (Link.State.EXPIRED, "it was for a limited time"),
            (Link.State.LIVE, "lead to the post again"),
        ):
            what.add_argument(f"--{state}", dest="state", action="store_const", const=state, help=help_text)

    def handle(self, *args: Any, **options: Any) -> None:
        word = options["post"].rstrip("/").rpartition("/")[2]
        post = (Post.objects.filter(public_id=word) | Post.objects.filter(links__token=word)).distinct().first()
        if post is None:
            raise CommandError(f"There is no post and no tracked link called {word}.")
        state = options["state"] or Link.State.REROUTED
        try:
            changed = reroute_links(post, state=state, to=options["to"] or "", at=clock.now())
        except NotAnAddress as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{changed} links changed. Visitors see it within seconds.")
        if state != Link.State.LIVE and post.state == Post.State.OFFERED:
            self.stdout.write("The post is still offered: archive it, or it will be shared again.")
