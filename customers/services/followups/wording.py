"""The words of a follow-up: a template with few variables, checked as it is typed.

It is Django's template language with `{{ variable }}`, `{% if %}` and a handful of filters, and
nothing else: no other tag, no attribute of anything, no file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.template import Context, Engine, Library, Template, TemplateSyntaxError, defaultfilters
from django.template.base import FilterExpression, VariableNode
from django.template.defaulttags import IfNode, do_if
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

VARIABLES: Mapping[str, str] = {
    "first_name": "first name; blank where nobody knows it",
    "last_name": "last name",
    "show": "name of the show that it is about",
    "venue": "where the show was",
    "date": "its day: Saturday 14 March 2026",
    "days_since": "days from that day to today",
    "next_show": "the next show of the same type that is on sale and that they have not booked",
    "next_show_date": "its day",
    "next_show_venue": "where it is",
    "next_show_url": "its page on Eventbrite",
    "unsubscribe": "the address where one click ends all marketing e-mails",
}
"""What a text may name, and what stands there."""
_FILTERS = ("default", "lower", "upper", "title", "capfirst")
_LINK = 60

tags = Library()
tags.tag("if", do_if)
for _name in _FILTERS:
    tags.filter(_name, getattr(defaultfilters, _name))


class _FewWords(Engine):
    """An engine that knows the tags and filters of this module alone."""

    def get_template_builtins(self, builtins: list[str]) -> list[Library]:
        return [tags]


_ENGINE = _FewWords(autoescape=False)
"""The text is plain; the HTML is made from it, escaped as a whole."""


def parsed(text: str) -> Template:
    """The template. Raises ValidationError, which says what is wrong and where."""
    try:
        template = Template(text, engine=_ENGINE)
    except TemplateSyntaxError as error:
        raise ValidationError(_in_words(str(error)), code="syntax") from error
    for name in sorted(set(_names(template.nodelist))):
        if name not in VARIABLES:
            known = ", ".join(VARIABLES)
            raise ValidationError(
                "There is no variable “%(name)s”. There are: %(known)s.",
                "unknown_variable",
                {"name": name, "known": known},
            )
    return template


def names_in(text: str) -> set[str]:
    """The variables that a text uses."""
    return set(_names(parsed(text).nodelist))


def check_subject(text: str) -> None:
    """Raises ValidationError: it is empty, has several lines, or is no template."""
    if not text.strip():
        raise ValidationError("Write a subject.", code="empty")
    if len(text.splitlines()) > 1:
        raise ValidationError("A subject is one line.", code="lines")
    if "unsubscribe" in names_in(text):
        raise ValidationError("The link to unsubscribe belongs into the text.", code="unsubscribe")


def check_body(text: str) -> None:
    """Raises ValidationError: it is no template, or nobody could unsubscribe by it."""
    if "unsubscribe" not in names_in(text):
        raise ValidationError(
            "Write {{ unsubscribe }} somewhere in the text: there stands the link by which people "
            "take their consent back.",
            code="unsubscribe",
        )


def rendered(text: str, values: Mapping[str, Any]) -> str:
    return str(parsed(text).render(Context(dict(values), autoescape=False)))


def one_line(text: str) -> str:
    """As a header takes it: a line break in somebody's name adds no header of its own."""
    return " ".join(text.split())


def as_html(text: str) -> SafeString:
    """Paragraphs and links of a plain text, everything else escaped."""
    linked = urlize(text, trim_url_limit=_LINK, autoescape=True)
    return mark_safe(linebreaks(linked, autoescape=False))


def _names(nodes: Any) -> Iterator[str]:
    """The variables of a template, those in conditions and defaults with them."""
    for node in nodes:
        if isinstance(node, VariableNode):
            yield from _of_expression(node.filter_expression)
        elif isinstance(node, IfNode):
            for condition, inner in node.conditions_nodelists:
                yield from _of_condition(condition)
                yield from _names(inner)


def _of_condition(condition: Any) -> Iterator[str]:
    if condition is None:  # “else”
        return
    value = getattr(condition, "value", None)
    if isinstance(value, FilterExpression):
        yield from _of_expression(value)
    for side in ("first", "second"):
        yield from _of_condition(getattr(condition, side, None))


def _of_expression(expression: FilterExpression) -> Iterator[str]:
    asked = [expression.var, *(a for _, args in expression.filters for is_var, a in args if is_var)]
    for variable in asked:
        if getattr(variable, "lookups", None):
            yield ".".join(variable.lookups)


def _in_words(error: str) -> str:
    """Django's words, and what may be used instead."""
    if "Invalid block tag" in error or "Invalid filter" in error:
        wrong = error.partition(". Did you")[0].removesuffix(".")
        return f"{wrong}. Only {{% if %}} and these filters may be used: {', '.join(_FILTERS)}."
    return f"This cannot be read: {error}"
