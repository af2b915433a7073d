"""Signing in with a provider that is not ours: the whole flow over HTTP, and each way to cheat."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import func, select

from cdop.organisations import sessions
from cdop.organisations.models import Account, Method
from cdop.organisations.sessions import GATE
from cdop.security.models import AuditEntry
from cdop.sign_in import delays, invitations
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import keeping
from cdop.sign_in.identities.models import IdentityQuestion
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Attempts
from cdop.web.app import create_app
from cdop.web.deps import BEGUN, COOKIE, SENT
from tests.client import code_for
from tests.factories import MAKER, Herefordshire
from tests.web.identities.conftest import WHO, Desk, asked_for

BELIEVED = {"second_factor": {"claim": "amr", "any_of": ["pwd"]}}
START = "/sign-in/with/county"


def details(desk: Desk, action: str) -> list[dict]:
    with desk.register.reading(GATE) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return [each.detail for each in work.session.exec(query)]


def session_in(desk: Desk, web) -> sessions.Current | None:
    token = web.cookies.get(COOKIE)
    return sessions.current(desk.register, token) if token else None


def test_what_is_asked_of_the_provider_is_a_code_with_pkce(desk: Desk) -> None:
    address = desk.go_there(desk.browser(), START)
    assert asked_for(address, "response_type") == "code"
    assert asked_for(address, "code_challenge_method") == "S256"
    assert asked_for(address, "scope") == "openid"
    assert len(asked_for(address, "state")) == len(asked_for(address, "nonce")) == 64


def test_a_linked_person_still_gives_our_second_factor(desk: Desk, county: Herefordshire) -> None:
    desk.link(county.actors[WHO])
    web = desk.browser()
    answer = desk.come_back(web, desk.go_there(web, START, next="/deaths"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/code?next=/deaths")
    assert session_in(desk, web) is None
    csrf = sessions.csrf(web.cookies[BEGUN])
    code = code_for(desk.register, county.actors[WHO].name)
    answer = web.post("/sign-in/code", data={"code": code, "csrf": csrf, "next": "/deaths"})
    assert answer.headers["Location"] == "/deaths"
    assert session_in(desk, web).actor.account_id == county.actors[WHO].account_id


def test_a_provider_that_is_believed_gives_both_factors(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    answer = desk.come_back(web, desk.go_there(web, START, next="/deaths"))
    assert answer.headers["Location"] == "/deaths"
    current = session_in(desk, web)
    assert current.actor.account_id == county.actors[WHO].account_id
    assert current.method is Method.OIDC
    assert details(desk, "accounts:session:start")[-1]["method"] == "oidc"
    assert details(desk, "accounts:identity:use")[-1]["second_factor"] is True


@pytest.mark.parametrize("method", ["client_secret_post", "private_key_jwt"])
def test_the_register_proves_itself_in_each_way(
    desk: Desk, county: Herefordshire, tmp_path: Path, method: str
) -> None:
    desk.configure(tmp_path, method=method, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    answer = desk.come_back(web, desk.go_there(web, START))
    assert answer.headers["Location"] == "/"
    keys = desk.browser().get("/single-sign-on/county/keys")
    assert keys.status_code == (200 if method == "private_key_jwt" else 404)
    if keys.status_code == 200:
        (key,) = keys.json()["keys"]
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_a_stranger_is_turned_away_and_no_account_is_made(desk: Desk) -> None:
    def count() -> int:
        with desk.register.reading(GATE) as work:
            return work.session.exec(select(func.count()).select_from(Account)).one()

    before, web = count(), desk.browser()
    answer = desk.come_back(web, desk.go_there(web, START), "bert")
    assert answer.status_code == 422
    assert "No account of this register is linked to your County sign-in" in answer.text
    assert "bert" not in answer.text
    assert session_in(desk, web) is None
    assert count() == before
    assert details(desk, "accounts:identity:refuse")[-1] == {
        "provider": "county",
        "why": "not linked",
    }


def test_the_same_name_or_e_mail_opens_nothing(desk: Desk, county: Herefordshire) -> None:
    """The provider's `anna` is not the register's, until the register's has said so."""
    with desk.register.work(MAKER) as work:
        work.session.get_one(Account, county.actors[WHO].account_id).username = "anna"
    web = desk.browser()
    assert desk.come_back(web, desk.go_there(web, START)).status_code == 422


def change(path: str, name: str, value: str) -> str:
    old = asked_for(path, name)
    return path.replace(f"{name}={old}", f"{name}={value}")


@pytest.mark.parametrize("changed", ["state", "code", "iss"])
def test_an_answer_that_was_changed_is_refused(
    desk: Desk, county: Herefordshire, tmp_path: Path, changed: str
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    path = desk.back(desk.go_there(web, START))
    if changed == "iss":
        path = path.partition("&iss=")[0] + "&iss=https%3A%2F%2Fevil.example"
    else:
        path = change(path, changed, "x" * 64)
    answer = web.get(path)
    assert answer.status_code == 422
    assert "does not prove who you are" in answer.text
    assert session_in(desk, web) is None


def test_a_token_for_another_question_is_refused(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    """The nonce was changed on its way to the provider: its token answers somebody else's."""
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    address = change(desk.go_there(web, START), "nonce", "y" * 64)
    assert desk.come_back(web, address).status_code == 422
    assert details(desk, "accounts:identity:refuse")[-1]["why"] == "nonce"


def test_an_answer_serves_once_and_in_one_browser(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web, other = desk.browser(), desk.browser()
    path = desk.back(desk.go_there(web, START))
    assert "begun in another browser" in other.get(path).text
    secret = web.cookies[SENT]
    assert web.get(path).headers["Location"] == "/"
    other.cookies.set(SENT, secret)
    assert "begun in another browser" in other.get(path).text
    # The provider does not take the code twice either.
    again = desk.browser()
    fresh = desk.go_there(again, START)
    replayed = change(path, "state", asked_for(fresh, "state"))
    assert "does not prove who you are" in again.get(replayed).text


def test_a_pinned_claim_that_the_token_lacks_is_refused(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.link(county.actors[WHO])
    desk.configure(tmp_path, claims={"tid": "our tenant"}, **BELIEVED)
    web = desk.browser()
    assert desk.come_back(web, desk.go_there(web, START)).status_code == 422
    assert details(desk, "accounts:identity:refuse")[-1]["why"] == "tid"


def test_the_person_who_refuses_there_is_told_what_to_do(desk: Desk) -> None:
    web = desk.browser()
    state = asked_for(desk.go_there(web, START), "state")
    issuer = desk.provider.issuer
    answer = web.get(f"/sign-in/from/county?error=access_denied&state={state}&iss={issuer}")
    assert "County sign-in did not sign you in" in answer.text
    assert "access_denied" not in answer.text


def test_an_invitation_is_taken_up_with_the_provider_once(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    account_id = county.actors["panel-chair"].account_id
    secret = desk.register.do(MAKER, invitations.invite, account_id)
    web = desk.browser()
    assert 'formaction="/join/with/county"' in web.get("/join").text
    typed = {"invitation": secret, "password": ""}
    address = desk.go_there(web, "/join/with/county", **typed)
    assert desk.come_back(web, address).headers["Location"] == "/"
    assert session_in(desk, web).actor.account_id == account_id
    assert details(desk, "accounts:identity:link")[-1]["how"] == "invitation"
    answer = desk.browser().post("/join/with/county", data=typed)
    assert answer.status_code == 422
    assert invitations.OVER in answer.text


def test_an_identity_is_one_accounts(desk: Desk, county: Herefordshire) -> None:
    desk.link(county.actors[WHO])
    web = desk.browser(county.actors["panel-chair"])
    answer = desk.come_back(web, desk.go_there(web, "/account/identities/county/link"))
    assert answer.status_code == 422
    assert "belongs to another account" in answer.text


def test_linking_needs_the_session_that_asked(desk: Desk, county: Herefordshire) -> None:
    web = desk.browser(county.actors[WHO])
    address = desk.go_there(web, "/account/identities/county/link")
    web.act_as(desk.register, county.actors["panel-chair"])
    assert desk.come_back(web, address).status_code == 422
    with desk.register.reading(GATE) as work:
        for who in (WHO, "panel-chair"):
            assert keeping.of(work, county.actors[who].account_id) == []


def test_an_unlinked_identity_opens_nothing_and_its_sessions_end(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    there, here = desk.browser(), desk.browser(county.actors[WHO])
    desk.come_back(there, desk.go_there(there, START))
    with desk.register.reading(GATE) as work:
        (row,) = keeping.of(work, county.actors[WHO].account_id)
    assert "Unlink County sign-in" in here.get(f"/account/identities/{row.id}/unlink").text
    answer = here.submit(f"/account/identities/{row.id}/unlink", {})
    assert answer.headers["Location"] == "/account/identities?done=unlinked"
    assert session_in(desk, there) is None
    assert session_in(desk, here)
    web = desk.browser()
    assert desk.come_back(web, desk.go_there(web, START)).status_code == 422


def test_only_its_owner_and_an_administrator_unlink_it(desk: Desk, county: Herefordshire) -> None:
    desk.link(county.actors[WHO])
    with desk.register.reading(GATE) as work:
        (row,) = keeping.of(work, county.actors[WHO].account_id)
    path = f"/account/identities/{row.id}/unlink"
    assert desk.browser(county.actors["panel-chair"]).submit(path, {}).status_code == 404
    administrator = desk.browser(county.actors["administrator"])
    page = administrator.get(f"/accounts/{county.actors[WHO].account_id}")
    assert path in page.text
    assert county.actors[WHO].name in administrator.get(path).text
    assert administrator.submit(path, {}).status_code == 303


def test_a_provider_that_is_down_keeps_nobody_from_the_password(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    file = desk.register.settings.oidc
    text = file.read_text().replace(desk.provider.issuer, "http://localhost:9")
    file.write_text(text)
    desk.app = create_app(desk.register)
    web = desk.browser()
    answer = web.submit(START, {"next": ""})
    assert answer.status_code == 503
    assert "cannot be reached at the moment. Sign in with your password" in answer.text
    assert "User name" in answer.text


def test_after_signing_out_here_the_page_leads_to_signing_out_there(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    desk.come_back(web, desk.go_there(web, START))
    to = web.submit("/sign-out", {}).headers["Location"]
    page = web.get(to).text
    assert "You are still signed in at County sign-in" in page
    assert f"{desk.provider.issuer}/oauth/end_session?client_id=" in page


def test_signing_in_there_anew_confirms_the_session(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser(county.actors[WHO])
    with desk.register.work(GATE) as work:
        for row in sessions.alive(work, county.actors[WHO].account_id):
            row.confirmed_at = None
    to = web.get("/account/passkeys/add").headers["Location"]
    assert "Confirm with County sign-in" in web.get(to).text
    address = desk.go_there(web, "/confirm/with/county", next="/account/passkeys/add")
    assert (asked_for(address, "prompt"), asked_for(address, "max_age")) == ("login", "300")
    # Somebody else who is signed in at the provider confirms nothing.
    assert desk.come_back(web, address, "bert").status_code == 422
    assert web.get("/account/passkeys/add").status_code == 303
    address = desk.go_there(web, "/confirm/with/county", next="/account/passkeys/add")
    assert desk.come_back(web, address).headers["Location"] == "/account/passkeys/add"
    assert web.get("/account/passkeys/add").status_code == 200


def test_a_sign_in_there_of_long_ago_confirms_nothing(
    desk: Desk, county: Herefordshire, tmp_path: Path
) -> None:
    """The wish to sign in anew was taken out on the way: the token tells when it was."""
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser(county.actors[WHO])
    desk.app.state.providers[0].now = lambda: datetime.now(UTC) + timedelta(minutes=7)
    address = desk.go_there(web, "/confirm/with/county")
    address = address.replace("&prompt=login", "").replace("&max_age=300", "")
    assert desk.come_back(web, address).status_code == 422
    assert details(desk, "accounts:identity:refuse")[-1]["why"] == "auth_time"


def test_a_provider_that_is_not_configured_is_not_found(desk: Desk) -> None:
    web = desk.browser()
    assert web.submit("/sign-in/with/another", {"next": ""}).status_code == 404
    assert web.get("/sign-in/from/another?code=x&state=y").status_code == 404
    desk.register.settings = replace(desk.register.settings, oidc=None)
    assert "County sign-in" not in Desk.browser(replace_app(desk)).get("/sign-in").text


def replace_app(desk: Desk) -> Desk:
    desk.app = create_app(desk.register)
    return desk


def test_a_stranger_who_begins_again_and_again_waits(desk: Desk) -> None:
    visitor = Visitor("testclient", "a browser")
    for _ in range(limits().wait("source").free):
        delays.count_question(desk.register, visitor)
    web = desk.browser()
    answer = web.post(START, data={"next": ""})
    assert answer.status_code == 429
    assert "Try again in" in answer.text
    options = web.post("/sign-in/passkey/options")
    assert options.status_code == 429
    assert int(options.headers["Retry-After"]) >= 1
    with desk.register.reading(GATE) as work:
        assert work.session.exec(select(func.count()).select_from(IdentityQuestion)).one() == 0


def test_who_comes_back_rightly_is_not_counted(desk: Desk, county: Herefordshire) -> None:
    desk.link(county.actors[WHO])
    for _ in range(3):
        web = desk.browser()
        desk.come_back(web, desk.go_there(web, START))
    with desk.register.reading(GATE) as work:
        rows = work.session.exec(select(Attempts).where(Attempts.kind == "source")).all()
    assert [row.failures for row in rows if row.failures] == []
