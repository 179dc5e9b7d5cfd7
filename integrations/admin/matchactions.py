"""What staff do on the page of matches, each by its name in the form."""

from collections.abc import Callable, Iterator

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest

from customers.models import CustomerMerge
from integrations.decisions import decide
from integrations.inbox.words import counted
from integrations.matching.sides import better_kept, customers_by_id
from integrations.matching.verdicts import (
    confirm_contact,
    merge_people,
    part_again,
    reject,
    suggest_again,
)
from integrations.models import ContactLink, LinkState, MatchSuggestion

MAY_VIEW = "integrations.view_matchsuggestion"
MAY_DECIDE = "integrations.change_matchsuggestion"
MAY_MERGE = "customers.merge_customer"
MAY_LINK = "integrations.change_contactlink"

Told = Iterator[tuple[int, str]]
"""Sentences, each with its tone."""


def act(request: HttpRequest) -> list[tuple[int, str]]:
    """Does `do`: `action key` for one pair, or `action` for the ticked ones.

    Raises PermissionDenied: there is no such action for this person. ValidationError: what hinders
    it, in words.
    """
    name, _, key = request.POST.get("do", "").partition(" ")
    permission, do = _ACTIONS.get(name, ("", None))
    if do is None or not request.user.has_perm(permission):
        raise PermissionDenied
    keys = [key] if key else request.POST.getlist("pair")
    return list(do(request, [int(k) for k in keys if k.isdecimal()]))


def _open(keys: list[int]) -> list[MatchSuggestion]:
    """The pairs that wait still. Raises ValidationError: none does."""
    found = list(MatchSuggestion.objects.open().filter(pk__in=keys))
    if not found:
        raise ValidationError("These are decided already, or gone. The page shows what is left.")
    return found


def _merge(request: HttpRequest, keys: list[int]) -> Told:
    """One pair: the form says who stays."""
    pair = _open(keys[:1])[0]
    kept = request.POST.get(f"keep-{pair.pk}", "")
    yield from _merged(request, pair, int(kept) if kept.isdecimal() else 0)


def _merge_strong(request: HttpRequest, keys: list[int]) -> Told:
    """The ticked pairs that much speaks for. A customer in two of them waits for the next time."""
    pairs = [pair for pair in _open(keys) if pair.is_strong and pair.other_id]
    if not pairs:
        raise ValidationError("Tick pairs with strong evidence: only these are merged together.")
    met: set[int] = set()
    done = 0
    for pair in pairs:
        both = {pair.customer_id, pair.other_id or 0}
        if met & both:
            continue
        met |= both
        done += sum(tone == messages.SUCCESS for tone, _ in _merged(request, pair, 0))
    left = len(pairs) - done
    more = f" {counted(left, 'pair waits', 'pairs wait')}: look at them again." if left else ""
    yield messages.SUCCESS, f"{counted(done, 'pair', 'pairs')} merged.{more}"


def _merged(request: HttpRequest, pair: MatchSuggestion, kept: int) -> Told:
    people = customers_by_id({pair.customer_id, pair.other_id or 0})
    if len(people) < 2:
        raise ValidationError("One of the two is gone. Somebody was faster.")
    survivor = people.get(kept) or better_kept(*people.values())
    other = next(who for who in people.values() if who != survivor)
    name = str(other)
    told = merge_people(survivor=survivor, merged=other, user=request.user, evidence=pair.evidence)
    yield messages.SUCCESS, f"{name} is merged into {survivor}. “Decided” has the way back."
    if told.advice:
        yield messages.WARNING, told.advice


def _reject(request: HttpRequest, keys: list[int]) -> Told:
    number = reject(suggestions=_open(keys), user=request.user)
    yield messages.SUCCESS, f"{counted(number, 'pair stays', 'pairs stay')} two people, for good."


def _link(request: HttpRequest, keys: list[int]) -> Told:
    done = 0
    for pair in _open(keys):
        confirm_contact(suggestion=pair, user=request.user)
        done += 1
    yield messages.SUCCESS, f"{counted(done, 'contact', 'contacts')} linked."


def _double(state: LinkState, word: str) -> Callable[[HttpRequest, list[int]], Told]:
    def do(request: HttpRequest, keys: list[int]) -> Told:
        links = ContactLink.objects.suggested().filter(pk__in=keys).select_related("customer")
        found = list(links)
        if not found:
            raise ValidationError("These are decided already. The page shows what is left.")
        for link in found:
            decide(link, state)
        yield messages.SUCCESS, f"{counted(len(found), 'contact', 'contacts')} {word}."

    return do


def _undo(request: HttpRequest, keys: list[int]) -> Told:
    merge = CustomerMerge.objects.filter(pk__in=keys).first()
    if merge is None:
        raise ValidationError("That merge is gone.")
    undone = part_again(merge=merge, user=request.user)
    yield messages.SUCCESS, f"{merge} is undone: they are two customers again."
    if undone.left_behind:
        left = ", ".join(undone.left_behind)
        yield messages.WARNING, f"These stay with customer {merge.kept_id}: {left}."


def _again(request: HttpRequest, keys: list[int]) -> Told:
    pair = MatchSuggestion.objects.filter(pk__in=keys).first()
    if pair is None:
        raise ValidationError("That pair is gone.")
    suggest_again(suggestion=pair)
    yield messages.SUCCESS, f"{pair} wait for a decision again."


_ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, list[int]], Told]]] = {
    "merge": (MAY_MERGE, _merge),
    "merge-strong": (MAY_MERGE, _merge_strong),
    "reject": (MAY_DECIDE, _reject),
    "link": (MAY_LINK, _link),
    "take": (MAY_LINK, _double(LinkState.CONFIRMED, "in force now")),
    "leave": (MAY_LINK, _double(LinkState.REJECTED, "said to be somebody else, for good")),
    "undo": (MAY_MERGE, _undo),
    "again": (MAY_DECIDE, _again),
}
