"""The whole way on public data: two thousand buyers, a year and a half of purchases.

One test, because loading scikit-learn and training take seconds.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Customer, LeadScore
from customers.reports.lead_scores import lead_scores
from customers.scoring.run import score_leads
from tests.customers.scoring import cdnow

pytestmark = pytest.mark.django_db


def test_chances_are_better_than_most_recent_first_and_add_up():
    cdnow.load()

    scored = score_leads(cdnow.LAST_DAY + timedelta(days=1))

    card = scored.model.card
    assert scored.model.is_chance
    assert card["people"]["tested_on"] == {"people": 2357, "booked": 299}
    assert card["auc"] > card["auc_recent"] > 0.5
    assert card["brier"] < card["brier_usual"]
    assert scored.model.lift > 1
    bands = {row.key: row for row in lead_scores()}
    assert bands["hot"].chance > bands["warm"].chance > bands["cool"].chance > bands["cold"].chance
    assert sum(row.expected for row in bands.values()) == pytest.approx(299, rel=0.15)
    best = LeadScore.objects.order_by("-chance", "pk").first()
    assert best.chance > 50
    assert best.expected_visits > 3
    assert any("times in the last year" in words for words in best.words)
    assert Customer.objects.get(pk=best.customer_id).lead_band == "hot"
    page = card_page(scored.model)
    assert "Do the chances hold?" in page
    assert "What the score is not" in page
    assert f"{card['auc']:.3f}" in page


def card_page(model):
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client.get(reverse("admin:customers_leadmodel_change", args=[model.pk])).text
