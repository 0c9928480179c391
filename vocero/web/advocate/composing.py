"""What the composer's page shows: where a post can go, what each network makes of it, and what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Installation
from vocero.content.models import Caption, Post, PostImage
from vocero.content.queries import captions_of
from vocero.networks import base
from vocero.networks.base import Channel
from vocero.networks.queries import NetworkOption, options_of
from vocero.people.models import Member
from vocero.policy import checks
from vocero.policy.checks import Finding
from vocero.policy.rules import Rules
from vocero.recognition.queries import Worth, named_sharers, points_on, worth
from vocero.sharing import links, queries, services, wording
from vocero.sharing.earlier import Earlier
from vocero.sharing.models import Share
from vocero.sharing.standing import Standing
from vocero.web.advocate.words import NOTES, file_url
from vocero.web.composer import Card, Composer, ComposerNetwork

type Text = str | Promise


@dataclass(frozen=True)
class LeftOut:
    """A network that cannot carry this post, and why."""

    name: str
    label: str
    why: Text
    url: str = ""
    act: Text = ""


@dataclass
class Typed:
    """What the form holds."""

    text: str
    network: str
    caption: Caption | None = None
    disclosure: str = ""
    disclosed: bool = True
    images: Sequence[PostImage] = ()
    when: str = ""
    again: bool = False
    earlier: str = ""


@dataclass
class Sheet:
    """Everything on the composer's page."""

    post: Post
    typed: Typed
    composer: Composer
    captions: Sequence[Caption]
    wordings: Sequence[str]
    must_disclose: bool
    says_it_already: bool
    left_out: Sequence[LeftOut]
    images: Sequence[PostImage]
    option: NetworkOption | None
    zone: str
    earliest: str
    latest: str
    worth: Worth | None = None
    colleagues: Sequence[Share] = ()
    problem: Text = ""
    when_error: Text = ""
    before: Earlier | None = None
    findings: Sequence[Finding] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The chosen network's own name."""
        return str(self.option.network.label) if self.option else ""

    @property
    def can_plan(self) -> bool:
        """Whether we can send it later: only where we publish for the member."""
        return self.option is not None and self.option.network.channel is Channel.API

    @property
    def is_practice(self) -> bool:
        """Whether nothing leaves."""
        return self.option is not None and self.option.network.channel is Channel.PRACTICE

    @property
    def goes_by_hand(self) -> bool:
        """Whether the member finishes it in the network itself."""
        return self.option is not None and self.option.network.channel is Channel.HANDOFF


class Desk:
    """A member at work on a post: reads what is typed and lays out the sheet."""

    def __init__(self, request: HttpRequest, post: Post, standing: Standing, *, at: datetime) -> None:
        self.request, self.post, self.standing, self.at = request, post, standing, at
        self.member: Member = standing.reader.member
        self.house: Installation = standing.house
        self.rules: Rules = standing.rules
        self.images = list(post.images.all())
        options = options_of(standing.chosen, standing.accounts)
        self.options, self.left_out = _sorted_out(post, options, has_images=bool(self.images))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which variants are looked for, best first."""
        wanted = (self.member.language, self.house.language, self.post.language)
        return tuple(dict.fromkeys(language for language in wanted if language))

    @property
    def zone(self) -> str:
        """The advocate's time zone."""
        return self.member.time_zone or self.house.time_zone

    def option(self, name: str) -> NetworkOption | None:
        """Give a network that this post can go to, by its name."""
        return next((option for option in self.options if option.network.name == name), None)

    def begin(self) -> Typed:
        """Give what the form begins with: what was typed last, else the variant whose turn it is."""
        draft = queries.draft_of(self.member, self.post)
        asked = self.request.GET.get("network", "")
        if draft is not None and self.option(draft.network):
            network = asked if self.option(asked) else draft.network
            return Typed(
                draft.text,
                network,
                draft.caption,
                draft.disclosure,
                draft.disclosure_on,
                self._images_for(network),
            )
        wanted = asked or queries.last_network(self.member)
        network = self._first_network(wanted)
        caption = next(iter(self.captions(network)), None)
        return Typed(wording.opening_text(self.post, caption), network, caption, images=self._images_for(network))

    def read(self, data: QueryDict) -> Typed:
        """Give what the form sent; unknown values fall back to what the page would begin with."""
        network = self._first_network(data.get("network", ""))
        ready = captions_of(self.post, network=network, languages=self.languages)
        caption = next((one for one in ready if one.public_id == data.get("caption")), None)
        chosen = {value for value in data.getlist("image") if value.isdigit()}
        return Typed(
            text=data.get("text", "").replace("\r\n", "\n"),
            network=network,
            caption=caption,
            disclosure=data.get("disclosure", "") if data.get("disclosure") in self.rules.all_wordings else "",
            disclosed="switchable" not in data or "disclosed" in data,
            images=[image for image in self.images if str(image.pk) in chosen],
            when=data.get("when", ""),
            again="again" in data,
            earlier=data.get("earlier", ""),
        )

    def captions(self, network: str) -> list[Caption]:
        """Give the variants for a network, the one whose turn it is first."""
        return queries.captions_for(self.post, self.member, network=network, languages=self.languages, at=self.at)

    def language(self, typed: Typed) -> str:
        """Give the language that a text is taken to be in."""
        return (
            (typed.caption.language if typed.caption else self.post.language)
            or self.member.language
            or self.house.language
        )

    def candidate(self, typed: Typed, network: str = "") -> checks.Candidate:
        """Give what the checks look at."""
        name = network or typed.network
        option = self.option(name)
        return services.candidate_for(
            self.post,
            network=name,
            text=typed.text,
            language=self.language(typed),
            company=self.house,
            account=option.account if option else None,
            images=self.images_sent(typed, name),
            disclosure=typed.disclosure,
            disclosed=typed.disclosed,
        )

    def images_sent(self, typed: Typed, network: str) -> list[PostImage]:
        """Give the chosen images as far as the network takes them; none where the link's own picture is shown."""
        option = self.option(network)
        return list(typed.images) if option and option.network.limits.images != 0 else []

    def keep(self, typed: Typed) -> None:
        """Keep what was typed."""
        services.keep_draft(
            self.member,
            self.post,
            network=typed.network,
            text=typed.text,
            at=self.at,
            caption=typed.caption,
            disclosure=typed.disclosure,
            disclosed=typed.disclosed,
        )

    def findings(self, typed: Typed) -> list[Finding]:
        """Run the checks."""
        return checks.findings(self.candidate(typed), self.rules) if typed.network else []

    def sheet(self, typed: Typed, findings: Sequence[Finding] | None = None) -> Sheet:
        """Lay out the page."""
        must = checks.must_disclose(typed.text, origin=self.post.origin, rules=self.rules)
        without = checks.Candidate(typed.text, typed.network or "copy", self.language(typed), disclosed=False)
        found = self.findings(typed) if findings is None else list(findings)
        local = self.at.astimezone(ZoneInfo(self.zone))
        end = local + timedelta(days=services.MOST_DAYS_AHEAD)
        if self.post.expires_at is not None:
            end = min(end, self.post.expires_at.astimezone(local.tzinfo))
        return Sheet(
            post=self.post,
            typed=typed,
            composer=self._composer(typed, found),
            captions=self.captions(typed.network),
            wordings=self.rules.wordings_in(self.language(typed)),
            must_disclose=must,
            says_it_already=checks.says_employment(without, self.rules),
            left_out=self.left_out,
            images=self.images,
            option=self.option(typed.network),
            zone=self.zone,
            earliest=f"{local:%Y-%m-%dT%H:%M}",
            latest=f"{end:%Y-%m-%dT%H:%M}",
            findings=found,
            worth=self._worth(typed),
            colleagues=named_sharers([self.post.pk], self.post.program, but=self.member).get(self.post.pk, ()),
        )

    def _worth(self, typed: Typed) -> Worth | None:
        """Give what this share would earn; None where points are off for this member."""
        option = self.option(typed.network)
        if option is None or not points_on(self.member, self.house):
            return None
        return worth(
            self.member,
            post_id=self.post.pk,
            network=typed.network,
            by_api=option.network.channel is Channel.API,
            disclosed=checks.says_employment(self.candidate(typed), self.rules),
            program=self.post.program,
            at=self.at,
        )

    def _composer(self, typed: Typed, found: Sequence[Finding]) -> Composer:
        post = self.post
        picture = file_url(post.card_image)
        return Composer(
            text=typed.text,
            networks=[self._network(option, typed) for option in self.options],
            author=self.member.name,
            card=Card(
                title=post.title if post.url else "",
                description=post.description if post.url else "",
                host=urlsplit(post.url).hostname or "",
                image_url=picture if post.url else "",
            ),
            findings=found,
            checks_url=reverse("advocate:compose-checks", args=[post.public_id]),
            autosave_key=f"compose-{post.public_id}",
            label=_("Your words"),
            placeholder=_("What do you think about it?"),
            nudge=self._nudge(typed),
        )

    def _nudge(self, typed: Typed) -> Text:
        """Ask for a sentence of one's own while the text is still the ready one."""
        opening = wording.opening_text(self.post, typed.caption)
        if wording.is_personalized(typed.text, opening, disclosure=typed.disclosure):
            return ""
        return _("One or two sentences of your own make all the difference: why does it matter to you?")

    def _network(self, option: NetworkOption, typed: Typed) -> ComposerNetwork:
        network = option.network
        mark = "\u2060"
        card = base.Card(links.sample_address(self.house)) if self.post.url else None
        candidate = self.candidate(typed, network.name)
        before, _mark, after = network.compose(base.Draft(mark, card)).partition(mark)
        full = checks.full_text(candidate, self.rules)
        if not full.startswith(typed.text.strip()) or not typed.text.strip():
            before += full.removesuffix(typed.text.strip())
        return ComposerNetwork(
            name=network.name,
            label=str(network.label),
            limits=network.limits_for(option.account.limits if option.account else {}),
            handle=option.account.handle if option.account else "",
            note=NOTES.get(network.name, "") if network.limits.link_works or network.name in NOTES else "",
            before=before,
            after=after,
            is_first=option.chosen or option.network.name == typed.network,
            is_chosen=network.name == typed.network,
        )

    def _first_network(self, wanted: str) -> str:
        names = [option.network.name for option in self.options]
        if wanted in names:
            return wanted
        return next((option.network.name for option in self.options if option.chosen), next(iter(names), ""))

    def _images_for(self, network: str) -> list[PostImage]:
        """Give the images that are chosen to begin with: those of a post of its own, not those beside a link."""
        option = self.option(network)
        if option is None or (self.post.url and not option.network.limits.needs_image):
            return []
        most = option.network.limits.images
        return self.images[:most] if most is not None else self.images[:1]


def _sorted_out(
    post: Post, options: Sequence[NetworkOption], *, has_images: bool
) -> tuple[list[NetworkOption], list[LeftOut]]:
    """Part the networks into those that can carry a post now and those that cannot, with the reason."""
    fitting, left_out = [], []
    for option in options:
        network = option.network
        name, label = network.name, str(network.label)
        if network.channel is not Channel.PRACTICE and post.networks_allowed and name not in post.networks_allowed:
            left_out.append(LeftOut(name, label, _("The program team offers this post for other networks.")))
        elif network.limits.needs_image and not has_images:
            left_out.append(LeftOut(name, label, _("It needs an image, and this post has none.")))
        elif network.limits.needs_link and not post.url:
            left_out.append(LeftOut(name, label, _("It needs a link, and this post has none.")))
        elif not option.is_ready:
            left_out.append(_to_connect(option, post))
        else:
            fitting.append(option)
    return fitting, left_out


def _to_connect(option: NetworkOption, post: Post) -> LeftOut:
    network, again = option.network, option.account is not None
    back = f"{reverse('advocate:compose', args=[post.public_id])}%3Fnetwork={network.name}"
    return LeftOut(
        network.name,
        str(network.label),
        _("Your account has to be connected again.") if again else _("Connect your account once, then it is one tap."),
        f"{reverse('advocate:me-connect', args=[network.name])}?next={back}",
        _("Connect again") if again else _("Connect"),
    )


def read_when(text: str, zone: str) -> services.Later | None:
    """Read the moment that the form sent (`2026-11-23T08:30`), or None when there is none or it is no moment."""
    try:
        return services.Later(datetime.fromisoformat(text).replace(tzinfo=None), zone) if text else None
    except ValueError:
        return None
