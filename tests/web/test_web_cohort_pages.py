"""The page of saved cohorts: make one, use it, delete it, without JavaScript."""

from __future__ import annotations


def test_a_cohort_is_made_used_and_deleted(home):
    sent = {"name": "tea_lovers", "rules": "purchase >= 2 in 90 days\r\n", "description": "They like <tea>"}
    assert home.post("/dashboard/cohorts", data=sent, follow_redirects=False).status_code == 303
    page = home.get("/dashboard/cohorts?lang=en").text
    assert "tea_lovers" in page
    assert "They like &lt;tea&gt;" in page
    assert 'href="/dashboard/customers/anna"' in page
    assert 'href="/dashboard/customers/ben"' not in page
    answer = home.get("/api/insights/stickiness", params={"where": "cohort:tea_lovers=in", "from": "2024-03-01"}).json()
    assert sum(row["dau"] for row in answer["rows"] if isinstance(row, dict)) == 3
    assert "cohort:tea_lovers" in home.get("/dashboard/insights/orders").text
    assert home.post("/dashboard/cohorts/tea_lovers/delete", follow_redirects=False).status_code == 303
    assert "tea_lovers" not in home.get("/dashboard/cohorts").text


def test_a_rule_that_cannot_be_read_is_told_and_what_was_typed_stays(home):
    sent = {"name": "x", "rules": "purchase oftenish"}
    answer = home.post("/dashboard/cohorts", data=sent, follow_redirects=False)
    assert answer.status_code == 400
    assert "purchase oftenish" in answer.text
    assert 'role="alert"' in answer.text
