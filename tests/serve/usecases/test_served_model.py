"""Which model answers while the published one changes, breaks, disappears."""

import threading

import pytest

from kqml.errors import CouldNot
from models.registry.served_pointer import write_fault
from serve.logs import build_logger
from serve.usecases.served_model import RETRY_AFTER_LOOKS, ServedModel


@pytest.fixture
def served(published, logged):
    return ServedModel(published.pointer, published.load, build_logger(logged))


def version(served):
    return served.state.live and served.state.live.version


def test_before_the_first_publication_there_is_no_model_nor_fault(served, published):
    published.pointer.unlink()
    served.look()
    assert (served.state.live, served.state.fault) == (None, None)


def test_a_champion_that_cannot_be_published_is_the_fault_until_it_is(served, published):
    words = published.pointer.read_text()
    published.pointer.unlink()
    write_fault(published.pointer, "The bundle is broken.\n  booster.txt: 2 bytes – restore a backup")
    served.look()
    assert (version(served), served.state.fault) == (
        None,
        "The bundle is broken. booster.txt: 2 bytes – restore a backup",
    )
    published.publish(words)
    write_fault(published.pointer, None)
    served.look()
    assert (version(served), served.state.fault) == ("3", None)


def test_a_new_champion_that_cannot_be_published_is_a_warning_beside_the_old_one(served, published):
    served.look()
    write_fault(published.pointer, "The bundle of version 4 does not exist.")
    served.look()
    assert (version(served), served.state.fault) == ("3", "The bundle of version 4 does not exist.")
    write_fault(published.pointer, None)
    served.look()
    assert (version(served), served.state.fault) == ("3", None)


def test_a_new_pointer_brings_a_new_model(served, published):
    served.look()
    published.publish("4 B")
    served.look()
    assert (version(served), served.state.live.grade, served.state.fault) == ("4", "B", None)


def test_the_same_pointer_is_not_read_again(served, published):
    served.look()
    loaded = served.state.live
    served.look()
    assert served.state.live is loaded


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("broken", "The bundle is broken. booster.txt: sha256 differs – promote again"),
        ("strange", "cannot be loaded (ZeroDivisionError)"),
    ],
)
def test_a_broken_model_leaves_the_last_good_one(served, published, words, fault):
    served.look()
    published.publish(words)
    served.look()
    assert version(served) == "3"
    assert fault in served.state.fault
    published.publish("5 A")
    served.look()
    assert (version(served), served.state.fault) == ("5", None)


def test_a_pointer_that_is_gone_leaves_the_last_good_one(served, published):
    served.look()
    published.pointer.unlink()
    served.look()
    assert version(served) == "3"
    assert "is gone" in served.state.fault


def test_a_model_that_could_not_be_loaded_is_tried_again_though_nothing_changed(served, published, monkeypatch):
    def refuse(pointer):
        raise CouldNot("The disk did not answer.")

    served._load = refuse
    served.look()
    served._load = published.load
    served.look()
    assert version(served) is None
    for _ in range(RETRY_AFTER_LOOKS):
        served.look()
    assert (version(served), served.state.fault) == ("3", None)


def test_requests_are_answered_by_the_old_model_while_the_new_one_loads(run_app, published, monkeypatch):
    monkeypatch.setattr("serve.usecases.served_model.LOOK_EVERY_SECONDS", 0.01)
    begun, go_on = threading.Event(), threading.Event()
    load = published.load

    def slow(pointer):
        if pointer.read_text().startswith("4"):
            begun.set()
            assert go_on.wait(10)
        return load(pointer)

    published.load = slow
    running = run_app()
    published.publish("4 A")
    assert begun.wait(10)
    assert running.client.get("/v1/model").json()["version"] == "3"
    go_on.set()
    for _ in range(1000):
        if version(running.served) == "4":
            break
        threading.Event().wait(0.01)
    assert running.client.get("/v1/model").json()["version"] == "4"


def test_following_ends_with_the_app(run_app):
    running = run_app()
    running.client.__exit__(None, None, None)
    assert not running.served._thread.is_alive()
    running.client.__enter__()


def test_the_log_says_what_was_loaded_but_no_message_of_an_unforeseen_failure(served, published, logged):
    served.look()
    published.publish("strange")
    served.look()
    said = logged.buffer.getvalue().decode()
    assert '"event":"model_loaded"' in said
    assert '"version":"3"' in said
    assert '"error":"ZeroDivisionError"' in said
    assert "王小明" not in said
