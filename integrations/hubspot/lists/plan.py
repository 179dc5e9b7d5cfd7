"""What would bring each list in step with its audience. Nothing is written to HubSpot here."""

from collections.abc import Iterable, Set
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from customers.models import Audience
from integrations.hubspot.drafts import Draft, Drafts
from integrations.hubspot.lists.state import (
    KIND,
    OBJECT_TYPE,
    OFF,
    ON,
    become,
    is_manual,
    is_ours,
    record_of,
    tell,
    wanted_contacts,
)
from integrations.hubspot.marketing_client import MarketingClient, Record
from integrations.models import AudienceLink, ContactLink, ListState, Operation
from integrations.sync import RunLog

PREFIX = "Nova: "
_FULL_COMPARISON = timedelta(days=1)
"""A list is read in full so often, though its size and its audience stay the same."""
_BATCH = 2_000


class Difference(NamedTuple):
    """Who must join a list and who must leave it, by contact id, in a steady order."""

    joins: list[str]
    leaves: list[str]


def difference(wanted: Set[str], members: Set[str]) -> Difference:
    """What makes the members of a list those who are wanted."""
    return Difference(sorted(wanted - members), sorted(members - wanted))


def plan_lists(client: MarketingClient, log: RunLog, *, full: bool = False) -> None:
    """Plans what brings the lists of all mirrored audiences in step, in place of the last plan.

    Costs one request for a hundred lists together, and one for 250 members of those lists of which
    something moved or that were not read for a day; of every list if `full`.
    """
    drafts = Drafts(log, object_type=OBJECT_TYPE, kind=KIND, retries_refused=full)
    links = _links()
    remote = client.lists([link.list_id for link in links if link.list_id])
    for done, link in enumerate(links, start=1):
        _Comparison(client, log, drafts, link).run(remote.get(link.list_id), full=full)
        log.progress("Lists compared", done, len(links))
    drafts.finish()


def _links() -> list[AudienceLink]:
    """The link of each mirrored audience; new ones are made.

    A list that is not made yet has the audience's name of today, one that is made keeps its own.
    """
    links = {link.audience_id: link for link in AudienceLink.objects.all()}
    taken = {link.list_name.lower() for link in links.values()}
    found = []
    for audience in Audience.objects.mirrored().select_related("show_type"):
        link = links.get(audience.pk) or AudienceLink()
        link.audience = audience
        name = f"{PREFIX}{audience.name}"
        if link.state == ListState.WANTED and not link.list_name.startswith(name):
            taken.discard(link.list_name.lower())
            link.list_name = _free_name(name, taken)
            link.save()
            taken.add(link.list_name.lower())
        found.append(link)
    return found


def _free_name(name: str, taken: set[str]) -> str:
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one.lower() not in taken)


class _Comparison:
    """One audience against its list."""

    def __init__(
        self, client: MarketingClient, log: RunLog, drafts: Drafts, link: AudienceLink
    ) -> None:
        self._client = client
        self._log = log
        self._drafts = drafts
        self._link = link

    def run(self, remote: Record | None, *, full: bool) -> None:
        """`remote` is the list with the link's id as HubSpot has it now, None if there is none."""
        link = self._link
        if link.list_id:
            self._meet_again(remote)
        else:
            remote = self._client.list_named(link.list_name)
            self._meet(remote)
        if link.state == ListState.WANTED:
            self._plan_list()
        elif link.state == ListState.IN_STEP and remote is not None:
            self._compare(remote, full=full)
        else:
            tell(self._log, link, remote)

    def _meet(self, remote: Record | None) -> None:
        """Looks at the list that has the wanted name, if there is one."""
        if remote is not None:
            self._link.list_id = str(remote["listId"])
            become(self._link, ListState.IN_STEP if is_ours(remote) else ListState.FOUND)

    def _meet_again(self, remote: Record | None) -> None:
        """Looks at the list that was known: it may be gone, restored, or renamed out of the way."""
        link = self._link
        if link.state == ListState.FOUND:
            if remote is None or not _has_name(remote, link.list_name):
                link.list_id = ""
                become(link, ListState.WANTED)
        elif remote is None:
            become(link, ListState.GONE)
        elif not is_manual(remote):
            become(link, ListState.FOUND)
        elif link.state == ListState.GONE:
            become(link, ListState.IN_STEP)

    def _plan_list(self) -> None:
        made = Draft(
            subject=f"audience {self._link.audience_id}",
            record=record_of(self._link),
            operation=Operation.CREATE,
            remote_id="",
            before={},
            after={"name": self._link.list_name},
            reason="The audience is to be mirrored; HubSpot has no list of this name.",
        )
        self._keep([made])
        self._plan_members(wanted_contacts(self._link), set())
        self._log.checked([record_of(self._link)])

    def _compare(self, remote: Record, *, full: bool) -> None:
        link, wanted = self._link, wanted_contacts(self._link)
        self._log.checked([record_of(link)])
        if not full and self._is_settled(remote, _digest(wanted)):
            self._log.add(KIND, "unchanged")
            return
        members = self._client.members(link.list_id)
        if members is None:  # deleted since it was looked at
            become(link, ListState.GONE)
            tell(self._log, link, None)
            return
        differs = self._plan_members(wanted, members)
        link.member_count, link.wanted_count = len(members), len(wanted)
        link.wanted_digest = "" if differs else _digest(wanted)
        link.compared_at = timezone.now()
        link.save()
        if not differs:
            self._log.add(KIND, "unchanged")

    def _is_settled(self, remote: Record, digest: str) -> bool:
        """Is the list as it was when it was last read and found in step?"""
        link = self._link
        if link.compared_at is None or timezone.now() - link.compared_at > _FULL_COMPARISON:
            return False
        return link.wanted_digest == digest and remote.get("size") == link.member_count

    def _plan_members(self, wanted: dict[str, tuple[int, int]], members: set[str]) -> bool:
        """Plans who joins and who leaves, 2,000 at a time; says whether anybody does."""
        moves = difference(wanted.keys(), members)
        for start in range(0, len(moves.joins), _BATCH):
            joins = moves.joins[start : start + _BATCH]
            self._keep(self._draft(one, *wanted[one], joins=True) for one in joins)
        for start in range(0, len(moves.leaves), _BATCH):
            leaves = moves.leaves[start : start + _BATCH]
            links = ContactLink.objects.filter(hubspot_id__among=leaves)
            known = {
                row[0]: row[1:] for row in links.values_list("hubspot_id", "pk", "customer_id")
            }
            self._keep(self._draft(one, *known.get(one, ()), joins=False) for one in leaves)
        return any(moves)

    def _keep(self, drafts: Iterable[Draft]) -> None:
        with transaction.atomic():
            self._drafts.keep(drafts)

    def _draft(
        self,
        contact: str,
        link_id: int | None = None,
        customer_id: int | None = None,
        *,
        joins: bool,
    ) -> Draft:
        name = self._link.list_name
        return Draft(
            subject=f"audience {self._link.audience_id}, contact {contact}",
            record=f"{record_of(self._link)}, contact {contact}",
            operation=Operation.UPDATE,
            remote_id=contact,
            before={name: OFF if joins else ON},
            after={name: ON if joins else OFF},
            reason=f"Joins “{name}”." if joins else f"Leaves “{name}”: no longer in the audience.",
            link_id=link_id,
            customer_id=customer_id,
        )


def _has_name(remote: Record, name: str) -> bool:
    return str(remote.get("name") or "").strip().lower() == name.lower()


def _digest(contacts: Iterable[str]) -> str:
    return sha256(",".join(sorted(contacts)).encode()).hexdigest()
