"""The proof of order sees what it is there to see."""

import pytest
from tests.torture.trace import check

ASKED = '7 recvfrom(9, "POST /kitchen"..., 256) = 120'
SYNCED = "8 fdatasync(5) = 0"
ANSWERED = '7 write(9, "HTTP/1.1 204 No Content"..., 99) = 99'


@pytest.mark.parametrize(
    ("lines", "too_early"),
    [
        pytest.param([ASKED, SYNCED, ANSWERED], 0, id="after its sync"),
        pytest.param([ASKED, ANSWERED, SYNCED], 1, id="before its sync"),
        pytest.param([SYNCED, ASKED, ANSWERED], 1, id="after another's sync"),
        pytest.param(
            ["8 fdatasync(5 <unfinished ...>", ASKED, "8 <... fdatasync resumed>) = 0", ANSWERED],
            1,
            id="after a sync that began too soon",
        ),
        pytest.param(
            [
                "7 recvfrom(9, <unfinished ...>",
                '7 <... recvfrom resumed>"POST /kitchen"..., 256) = 120',
                SYNCED,
                ANSWERED,
            ],
            0,
            id="a read that strace saw in two parts",
        ),
    ],
)
def test_an_answer_before_the_sync_that_covers_it_is_seen(lines, too_early):
    order = check(lines)
    assert (order.answers, order.too_early) == (1, too_early)
