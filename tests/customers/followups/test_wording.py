"""The words of a follow-up: what may be written, and what it becomes."""

import pytest
from django.core.exceptions import ValidationError

from customers.services.followups.letters import example_values
from customers.services.followups.wording import (
    VARIABLES,
    as_html,
    check_body,
    check_subject,
    names_in,
    rendered,
)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{{ first_name }} & {{ show }}", "Ada & Friday Night Stand-up"),
        ("{{ last_name|upper }}", "LOVELACE"),
        ("{% if next_show %}Yes{% else %}No{% endif %}", "Yes"),
        ('{% if not venue %}A{% elif venue == "The Cellar" %}B{% endif %}', "B"),
        ("{# a note to staff #}Hello", "Hello"),
        ('{{ first_name|default:"there" }}', "Ada"),
    ],
)
def test_variables_conditions_and_a_few_filters_may_be_used(text, becomes):
    assert rendered(text, example_values()) == becomes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ firstname }}", "There is no variable “firstname”. There are: first_name"),
        ("{{ show.secret }}", "There is no variable “show.secret”."),
        ("{% if vip %}x{% endif %}", "There is no variable “vip”."),
        ("{% if show and vip %}x{% endif %}", "There is no variable “vip”."),
        ("{{ show|default:vip }}", "There is no variable “vip”."),
        ("{% if show %}{{ whom }}{% endif %}", "There is no variable “whom”."),
        ("{% load static %}", "Invalid block tag on line 1: 'load'. Only {% if %} and these"),
        ("{% include 'x' %}", "Invalid block tag on line 1: 'include'."),
        ("{% debug %}", "Invalid block tag on line 1: 'debug'."),
        ("{{ show|safe }}", "Invalid filter: 'safe'. Only {% if %} and these filters"),
        ("{% if show %}", "This cannot be read: Unclosed tag on line 1: 'if'."),
        ("{{ show", ""),
        ("{{ _show }}", "This cannot be read:"),
        ("{{ }}", "This cannot be read: Empty variable tag on line 1"),
    ],
)
def test_anything_else_is_refused_by_its_name(text, says):
    if not says:
        assert rendered(text, {}) == text  # no tag at all: it stands as it was typed
        return
    with pytest.raises(ValidationError) as refusal:
        names_in(text)

    assert refusal.value.messages[0].startswith(says)


def test_every_variable_has_an_example():
    assert list(example_values()) == list(VARIABLES)


@pytest.mark.parametrize(
    ("subject", "code"),
    [("", "empty"), ("a\nBcc: x@y.org", "lines"), ("{{ unsubscribe }}", "unsubscribe")],
)
def test_a_subject_is_one_line(subject, code):
    with pytest.raises(ValidationError) as refusal:
        check_subject(subject)

    assert refusal.value.code == code


def test_a_text_without_a_way_out_is_refused():
    with pytest.raises(ValidationError, match="unsubscribe"):
        check_body("Hello")

    check_body("Hello {% if show %}{{ unsubscribe }}{% endif %}")


def test_the_html_is_the_text_with_paragraphs_and_links_and_nothing_else():
    html = as_html("Dear <b>Ada</b>,\nsee https://x.org/?a=1&b=2\n\nBye")

    assert html == (
        "<p>Dear &lt;b&gt;Ada&lt;/b&gt;,<br>see "
        '<a href="https://x.org/?a=1&amp;b=2">https://x.org/?a=1&amp;b=2</a></p>\n\n<p>Bye</p>'
    )
