"""Sessions end: by themselves, and by whoever signs out."""

from oncontour.web.sessions import IDLE_S, LONGEST_S, Person, Sessions

ANNA = Person("anna", "reader")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_lasts_while_it_is_used_and_not_for_ever():
    clock = Clock()
    sessions = Sessions(clock)
    key = sessions.open(ANNA)
    while clock.now < LONGEST_S - IDLE_S:
        clock.now += IDLE_S - 1
        found = sessions.find(key)
        assert found is not None
        assert found.person == ANNA
    clock.now = LONGEST_S
    assert sessions.find(key) is None


def test_an_idle_one_ends_and_so_does_one_that_is_closed():
    clock = Clock()
    sessions = Sessions(clock)
    idle, closed = sessions.open(ANNA), sessions.open(ANNA)
    sessions.close(closed)
    sessions.close("never open")
    assert sessions.find(closed) is None
    clock.now = IDLE_S
    assert sessions.find(idle) is None


def test_what_a_page_asks_by_itself_keeps_no_session_alive():
    clock = Clock()
    sessions = Sessions(clock)
    key = sessions.open(ANNA)
    clock.now = IDLE_S - 1
    assert sessions.find(key, by_itself=True) is not None
    clock.now = IDLE_S
    assert sessions.find(key) is None


def test_keys_and_tokens_are_of_one_session_alone():
    sessions = Sessions()
    keys = {sessions.open(ANNA) for _ in range(50)}
    tokens = {found.token for key in keys if (found := sessions.find(key))}
    assert len(keys) == len(tokens) == 50
    assert not keys & tokens
    assert sessions.find("") is None
