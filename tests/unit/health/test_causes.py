"""What people read: the sentence, the reason, and whom to call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from panel.catalogue.schema import Catalogue, Owner
from panel.health.probes import ProbeResult, Reading
from panel.health.verdict import Verdict, judge

Build = Callable[..., ProbeResult]
Judge = Callable[..., Verdict]


@pytest.fixture
def judged(catalogue: Catalogue, moment: datetime) -> Judge:
    def build(*results: ProbeResult, emulated: bool = True) -> Verdict:
        return judge(catalogue, "staging", results, emulated=emulated, checked_at=moment)

    return build


def test_a_dead_api_names_what_people_notice_why_and_the_team_that_owns_it(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "down", "The service answers with an error (502)."),
        result("services", "down", "None of 2 tasks is running."),
        result("targets", "down", "No task is registered with the load balancer."),
    )

    (cause,) = found.causes
    assert cause.text == "TODO list: people cannot load or save anything. None of 2 tasks is running."
    assert cause.service == "backend"
    assert (cause.owner.team, cause.owner.contact) == ("API team", "+55 11 1234")
    assert "api: evidence of api" in cause.evidence and "services: evidence of services" in cause.evidence


def test_a_broken_site_calls_the_web_team(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", "The address answers with an error (403)."), result("api", "healthy")
    )

    (cause,) = found.causes
    assert cause.text == "People cannot open the site. The address answers with an error (403)."
    assert cause.owner.team == "Web team"


def test_the_worst_cause_comes_first(judged: Judge, result: Build) -> None:
    found = judged(result("site", "degraded"), result("api", "down"))

    assert [cause.service for cause in found.causes] == ["backend", "frontend"]


def test_a_locked_front_door_is_one_cause_for_the_owner_of_the_environment(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "down", "The name is not known.", reached=False),
        result("api", "down", "The name is not known.", reached=False),
        result("services", "healthy"),
        emulated=False,
    )

    (cause,) = found.causes
    assert found.verdict == "down"
    assert cause.text == "People cannot open the site. The name is not known."
    assert cause.service is None and cause.owner.team == "Platform team"


def test_a_stopped_embedded_aws_is_named_as_the_reason(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", reached=False),
        result("api", "down", reached=False),
        result("services", "unknown", reached=False),
        emulated=True,
    )

    (cause,) = found.causes
    assert found.verdict == "down"
    assert "embedded AWS" in cause.text


def test_without_a_network_the_panel_blames_nobody(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", reached=False),
        result("api", "down", reached=False),
        result("services", "unknown", reached=False),
        emulated=False,
    )

    assert found.verdict == "unknown"
    assert {service.verdict for service in found.services.values()} == {"unknown"}
    assert "network" in found.causes[0].text


def test_missing_machines_call_the_owner_of_the_environment(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "healthy"),
        result("instances", "degraded", "Only 1 of 2 machines is in service."),
        emulated=False,
    )

    (cause,) = found.causes
    assert cause.text.endswith("Only 1 of 2 machines is in service.")
    assert cause.owner.team == "Platform team"


def test_the_version_people_get_wins_over_the_configured_one_with_its_own_digest(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy", reading=Reading(version="r12")),
        result("api", "healthy", reading=Reading(version="old")),
        result("services", "healthy", reading=Reading("new", "sha256:new", desired=2, running=2)),
    )

    backend = found.services["backend"]
    assert (backend.version, backend.digest) == ("old", None)
    assert (backend.desired, backend.running) == (2, 2)
    assert found.services["frontend"].version == "r12"


def test_the_digest_of_the_task_definition_completes_the_version_that_answers(
    judged: Judge, result: Build
) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "healthy", reading=Reading(version="v1")),
        result("services", "healthy", reading=Reading("v1", "sha256:one", desired=1, running=1)),
    )

    assert found.services["backend"].digest == "sha256:one"


@pytest.fixture
def many(catalogue: Catalogue, moment: datetime) -> Judge:
    """Judges an environment of three services of containers with teams of their own."""
    services = dict(catalogue.services)
    for name, title, impact in (
        ("calculator", "Calculator", "People cannot save results."),
        ("mail", "Mail", ""),
    ):
        owner = Owner(team=f"{title} team", contact=f"{name}@example.com")
        services[name] = services["backend"].model_copy(
            update={"title": title, "owner": owner, "impact": impact}
        )
    wider = catalogue.model_copy(update={"services": services})

    def build(*results: ProbeResult, emulated: bool = False) -> Verdict:
        return judge(wider, "staging", results, emulated=emulated, checked_at=moment)

    return build


NAMES = ("backend", "calculator", "mail")


def of_each(result: Build, name: str, *about: str) -> list[ProbeResult]:
    return [result(name, *about, service=service) for service in NAMES]


def test_the_teams_own_words_say_what_people_notice_when_it_does_not_work(many: Judge, result: Build) -> None:
    found = many(result("site", "healthy"), result("api", "down", "It answers 503.", service="calculator"))

    (cause,) = found.causes
    assert cause.text == "Calculator: People cannot save results. It answers 503."
    assert found.services["calculator"].notice == "People cannot save results."
    assert cause.owner.team == "Calculator team"


def test_they_do_not_speak_of_what_still_works(many: Judge, result: Build) -> None:
    found = many(
        result("site", "healthy"),
        result("api", "degraded", "It answers slowly: 3.2 s.", service="calculator"),
    )

    assert found.services["calculator"].notice == "Calculator answers, but not as it should."


def test_machines_that_are_gone_are_one_cause_and_not_one_for_each_service(
    many: Judge, result: Build
) -> None:
    found = many(
        result("site", "healthy"),
        *of_each(result, "api", "down", "The service answers with an error (503)."),
        *of_each(result, "services", "down", "None of 2 tasks is running."),
        result("instances", "down", "None of 2 machines is in service."),
        result("alarms", "degraded", "An alarm rings."),
    )

    (cause,) = found.causes
    assert cause.text == (
        "TODO list, Calculator and Mail: people cannot use them. None of 2 machines is in service."
    )
    assert cause.service is None and cause.owner.team == "Platform team"
    assert "instances: evidence of instances" in cause.evidence
    assert "alarms: evidence of alarms" in cause.evidence


def test_a_bucket_that_is_gone_is_one_cause(many: Judge, result: Build) -> None:
    found = many(
        result("site", "healthy"),
        *of_each(result, "api", "healthy"),
        *of_each(result, "services", "healthy"),
        result("state_bucket", "down", "The bucket of the services does not exist."),
    )

    (cause,) = found.causes
    assert found.verdict == "degraded"
    assert cause.text == (
        "TODO list, Calculator and Mail still answer, but not as they should. "
        "The bucket of the services does not exist."
    )
    assert {found.services[name].rule for name in NAMES} == {"C3"}


def test_services_that_run_and_that_nobody_reaches_have_one_thing_between_them_and_the_people(
    many: Judge, result: Build
) -> None:
    found = many(
        result("site", "healthy"),
        *of_each(result, "api", "down", "The service answers with an error (502)."),
        *of_each(result, "services", "healthy"),
        *of_each(result, "targets", "unknown"),
    )

    (cause,) = found.causes
    assert cause.text.endswith("Their tasks run: what lies between them and the people is at fault.")
    assert "api of mail: evidence of api" in cause.evidence
    assert cause.owner.team == "Platform team"


def test_dead_services_with_reasons_of_their_own_call_each_team(many: Judge, result: Build) -> None:
    found = many(
        result("site", "healthy"),
        *of_each(result, "api", "down", "The service answers with an error (503)."),
        *of_each(result, "services", "down", "None of 2 tasks is running."),
        result("load_balancer", "degraded", "The load balancer has no task to pass requests on to."),
    )

    assert [cause.owner.team for cause in found.causes] == ["API team", "Calculator team", "Mail team"]


def test_what_nobody_can_tell_for_one_reason_is_said_once(many: Judge, result: Build) -> None:
    found = many(
        result("site", "healthy"),
        *of_each(result, "services", "unknown", "AWS refused to answer so many questions."),
    )

    (cause,) = found.causes
    assert cause.text == (
        "Nobody can tell whether TODO list, Calculator and Mail work. AWS refused to answer so many questions."
    )


def test_a_name_that_is_not_known_is_the_reason_of_a_locked_door(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "down", "No answer.", reached=False),
        result("api", "down", "No answer.", reached=False),
        result("dns", "degraded", "The name todo.example.com is not known."),
        result("certificate", "down", "Browsers refuse the address."),
        emulated=False,
    )

    (cause,) = found.causes
    assert cause.text == "People cannot open the site. The name todo.example.com is not known."


def test_a_door_that_nobody_could_look_at_is_not_called_locked(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "unknown", "The check was not done within 20 s.", reached=False),
        result("services", "healthy"),
        emulated=False,
    )

    assert found.verdict == "unknown"
    assert found.causes[0].text == (
        "Nobody can tell whether the site opens. The check was not done within 20 s."
    )


def test_signs_name_the_sign_as_the_reason(judged: Judge, result: Build) -> None:
    found = judged(
        result("site", "healthy"),
        result("api", "healthy"),
        result("services", "healthy"),
        result("log_errors", "degraded", "The log has 31 lines that look like errors in 5 minutes."),
    )

    (cause,) = found.causes
    assert cause.text == (
        "TODO list works, but shows signs of trouble. "
        "The log has 31 lines that look like errors in 5 minutes."
    )


def test_notices_are_told_once_and_change_no_verdict(judged: Judge, result: Build) -> None:
    one_zone = "All tasks run in one zone."
    found = judged(
        result("site", "healthy"),
        result("api", "healthy"),
        result("services", "healthy", notice=one_zone),
        result("targets", "healthy", notice=one_zone),
        result("certificate", "healthy", notice="The certificate ends in 25 days."),
        emulated=False,
    )

    assert found.verdict == "healthy" and not found.causes
    assert [(notice.text, notice.service, notice.owner.team) for notice in found.notices] == [
        (one_zone, "backend", "API team"),
        ("The certificate ends in 25 days.", None, "Platform team"),
    ]
