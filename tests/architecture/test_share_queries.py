"""Sharing asks the database at most seven questions, the session and the member included, however large the company is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.architecture.test_page_queries import grow, repeated
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon, installed
from vocero.content.models import Post
from vocero.lib import clock
from vocero.sharing.models import Link, Share

MOST = 7
_TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.mark.parametrize("network", ["linkedin", "pigeon", "practice"])
def test_the_share_action_asks_at_most_seven_questions(people: cast.People, sign_in: cast.SignIn, network: str) -> None:
    with installed(Pigeon()):
        grow(people, 3, name="some")
        make_account(people.ana, "pigeon")
        client = sign_in(people.ana)
        posts = [make_post(people.house, title=f"Share {number}", at=clock.now()) for number in range(2)]
        post = posts[0]
        for words in ("The first time.", "The second time."):
            post.refresh_from_db()
            before = list(Post.objects.filter(pk=post.pk).values())
            with CaptureQueriesContext(connection) as captured:
                answer = client.post(
                    f"/share/{post.public_id}", {"network": network, "text": words, "do": "share", "again": "1"}
                )
            assert answer.status_code == 302
            asked = [one["sql"] for one in captured.captured_queries if not one["sql"].startswith(_TRANSACTION)]
        assert len(asked) <= MOST, repeated(asked)
        assert not [sql for sql in asked if sql.startswith("UPDATE")], "sharing counts nothing up"
        assert list(Post.objects.filter(pk=post.pk).values()) == before
    assert Share.objects.filter(post=post).count() == 2
    assert Link.objects.filter(share__post=post).count() == (0 if network == "practice" else 2)
