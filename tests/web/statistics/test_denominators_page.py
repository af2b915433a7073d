"""The page of populations and births."""

from cdop.reference_files.service import load
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import herefordshire
from tests.integration.reference_files.test_loading import POPULATION


def test_the_loaded_files_are_listed_with_their_source(sqlite_register: Register) -> None:
    county = herefordshire(sqlite_register)
    client = Client(create_app(sqlite_register, report=raising))
    client.act_as(sqlite_register, county.actors["analyst"])
    assert "No file has been loaded." in client.get("/statistics/denominators").text
    sqlite_register.do(county.actors["analyst"], load, POPULATION)
    page = client.get("/statistics/denominators").text
    assert "Population under 18: Invented figures" in page
    assert "Invented for a test" in page
    client.act_as(sqlite_register, county.actors["notifier"])
    assert client.get("/statistics/denominators").status_code == 404
