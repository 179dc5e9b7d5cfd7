"""The codes of a campaign in one cell of a file: `affiliate:insta; promo:FRIENDS`."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from import_export.widgets import Widget

from customers.models import CampaignCode, CodeKind
from nova_project.imports.columns import as_text

_KINDS = [str(kind) for kind in CodeKind.values]
_LONGEST = 200
_ONE = re.compile(r'\s*([^:;"]*):\s*(?:"((?:[^"]|"")*)"|([^;]*))\s*(?:;|$)')
_NO_CODES = re.compile(r"[\s;]*")


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """A code of a kind. Two that differ in upper and lower case only are equal."""

    kind: str
    key: str
    text: str = field(compare=False)

    def __str__(self) -> str:
        is_plain = ";" not in self.text and not self.text.startswith('"')
        quoted = self.text.replace('"', '""')
        return f"{self.kind}:{self.text}" if is_plain else f'{self.kind}:"{quoted}"'


Codes = tuple[Code, ...]


def in_order(codes: Iterable[tuple[str, str]]) -> Codes:
    """Kinds and texts as codes, each once, by kind and then by alphabet."""
    found: dict[Code, None] = dict.fromkeys(Code(kind, text.lower(), text) for kind, text in codes)
    return tuple(sorted(found))


def codes_of(campaign_ids: Collection[int]) -> Mapping[int, Codes]:
    """The codes of each campaign, none for one without. One query."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = CampaignCode.objects.filter(campaign__in=campaign_ids).order_by("pk")
    for campaign_id, kind, text in rows.values_list("campaign_id", "kind", "code"):
        found[campaign_id].append((kind, text))
    return {pk: in_order(found[pk]) for pk in campaign_ids}


class CodesWidget(Widget):
    """All codes of a campaign; one that holds a semicolon stands in double quotes."""

    hint = (
        f"All its codes, each after its kind ({', '.join(_KINDS)}): affiliate:insta; promo:FRIENDS."
    )

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Codes:
        text, place = as_text(value), 0
        found: list[tuple[str, str]] = []
        while not _NO_CODES.fullmatch(text, place):
            one = _ONE.match(text, place)
            if one is None:
                part = text[place:].partition(";")[0].strip()
                raise ValueError(f"“{part}” has no kind. Write it like affiliate:insta.")
            found.append((_kind(one[1].strip()), _text(one)))
            place = one.end()
        return in_order(found)

    def render(self, value: Codes | None, obj: Any = None, **kwargs: Any) -> str:
        return "; ".join(map(str, value or ()))


def _kind(text: str) -> str:
    if text.lower() not in _KINDS:
        raise ValueError(f"“{text}” is no kind of code. The kinds are: {', '.join(_KINDS)}.")
    return text.lower()


def _text(one: re.Match[str]) -> str:
    text = one[3].strip() if one[2] is None else one[2].replace('""', '"')
    if not text:
        raise ValueError(f"After “{one[1].strip()}:” there is no code.")
    if len(text) > _LONGEST:
        raise ValueError(f"A code has {len(text)} characters; {_LONGEST} fit.")
    return text
