"""The pages of questions: one each, in both languages, with a form, a plot and files to take away."""

from __future__ import annotations

import html

import pytest

from regulars.insights import QUESTIONS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_leads_to_every_question(home, language):
    page = home.get("/dashboard/insights", params={"lang": language}).text
    for name in QUESTIONS:
        assert f'href="/dashboard/insights/{name}"' in page
    assert page.count("data-lazy") == sum(not question.costly for question in QUESTIONS.values())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_every_question_has_a_page_with_its_parameters_and_its_files(home, name, language):
    answer = home.get(f"/dashboard/insights/{name}", params={"lang": language})
    assert answer.status_code == 200
    page = html.unescape(answer.text)
    assert (QUESTIONS[name].title in page) == (language == "en")
    for field in ("to", "where"):
        assert f'name="{field}"' in page
    assert f'href="/api/insights/{name}?as=csv"' in page
    assert "data-figure" in page or page.count("<tbody>") == 1


def test_what_was_asked_is_in_the_form_the_plot_and_the_files(home):
    page = html.unescape(home.get("/dashboard/insights/lifecycle?period=month&lang=en").text)
    assert '<option value="month" selected>' in page
    assert "/api/insights/lifecycle?period=month&as=parquet" in page
    assert 'data-figure="/api/insights/lifecycle?period=month"' in page
    assert home.get("/api/insights/lifecycle?period=month&as=csv").headers["content-type"].startswith("text/csv")


def test_a_parameter_that_cannot_be_used_is_marked_and_what_was_typed_stays(home):
    answer = home.get("/dashboard/insights/stickiness?window=1&lang=en")
    assert answer.status_code == 400
    assert 'name="window" type="number" value="1"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "from 2 to 365" in answer.text


def test_what_was_understood_is_shown_with_the_words_that_were_asked(home):
    page = home.get("/dashboard/insights/retention?period=month&asked=monthly+<b>retention</b>&lang=en").text
    assert "monthly &lt;b&gt;retention&lt;/b&gt;" in page
    assert "This is how it was understood" in page


def test_there_is_no_page_of_a_question_that_does_not_exist(home):
    assert home.get("/dashboard/insights/nothing").status_code == 404


def test_values_that_are_ours_are_translated_and_names_of_products_are_not(home):
    page = home.get("/dashboard/insights/rfm?show=segments&lang=zh").text
    assert '<th scope="row">Champions' not in page
    assert "tea" in home.get("/dashboard/insights/products?lang=zh").text


def test_a_customer_s_page_tells_their_rhythm_their_groups_and_their_timeline(home):
    page = home.get("/dashboard/customers/anna?lang=en").text
    assert "Will they come back?" in page
    assert "Which groups are they in?" in page
    assert page.count('class="came"') == 3
    first = home.get("/dashboard/customers/anna?lang=en&events=2").text
    assert "Page 1 of 2" in first
    older = home.get("/dashboard/customers/anna?lang=en&events=2&page=2").text
    assert "Page 2 of 2" in older
    assert "<h3>Friday, March 1, 2024" not in first
    assert "<h3>Friday, March 1, 2024" in older
