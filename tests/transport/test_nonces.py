from tests.support.time_and_chance import FakeClock

from microsocial.transport.nonces import Nonces


def test_a_nonce_counts_once_per_sender() -> None:
    nonces = Nonces(FakeClock())
    assert nonces.is_new("ana", "n1")
    assert not nonces.is_new("ana", "n1")
    assert nonces.is_new("ben", "n1")


def test_it_is_forgotten_after_ten_minutes() -> None:
    clock = FakeClock()
    nonces = Nonces(clock)
    nonces.is_new("ana", "n1")
    clock.advance(599_999)
    assert not nonces.is_new("ana", "n1")
    clock.advance(1)
    assert nonces.is_new("ana", "n1")


def test_memory_is_bounded() -> None:
    nonces = Nonces(FakeClock(), max_nonces=5)
    for number in range(50):
        nonces.is_new("ana", str(number))
    assert len(nonces) == 5
    assert not nonces.is_new("ana", "49")
