"""Claims are compared segment by segment, `{x}` standing for any one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontage.host.claims import RESERVED, clash, covers, is_claim, is_covered

SEGMENT = st.sampled_from(["a", "b", "{x}", "{y}"])
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
PLAIN = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


@pytest.mark.parametrize("path", ["/a", "/a/b", "/a/{x}", "/tenant/{id}/analytics"])
def test_an_absolute_path_with_a_fixed_first_segment_may_be_claimed(path):
    assert is_claim(path)


@pytest.mark.parametrize("path", ["", "/", "a", "a/b", "/a/", "//a", "/a//b", "/{x}", "/{x}/a", None, 5, b"/a", ["/a"]])
def test_anything_else_may_not(path):
    assert not is_claim(path)


@pytest.mark.parametrize(
    ("claim", "path", "expected"),
    [
        pytest.param("/a", "/a", True, id="itself"),
        pytest.param("/a", "/a/b/c", True, id="below"),
        pytest.param("/a", "/ab", False, id="a longer word"),
        pytest.param("/a/b", "/a", False, id="above"),
        pytest.param("/a/{x}/c", "/a/b/c/d", True, id="through a wildcard"),
        pytest.param("/a/{x}/c", "/a/b/d", False, id="beside a wildcard"),
        pytest.param("/a/b", "/a/{x}", False, id="a template that may lie elsewhere"),
        pytest.param("/a/{x}", "/a/{y}", True, id="wildcards of other names"),
    ],
)
def test_covers(claim, path, expected):
    assert covers(claim, path) is expected
    assert is_covered(["/z", claim], path) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("/a", "/a", True, id="the same"),
        pytest.param("/a", "/a/b", True, id="below"),
        pytest.param("/a/b", "/a/c", False, id="side by side"),
        pytest.param("/a", "/ab", False, id="a longer word"),
        pytest.param("/a/{x}", "/a/b/c", True, id="a wildcard over a word"),
        pytest.param("/a/{x}/c", "/a/b/d", False, id="apart behind a wildcard"),
    ],
)
def test_clash(one, other, expected):
    assert clash(one, other) is expected


@given(one=PATHS, other=PATHS, path=PLAIN)
def test_two_claims_clash_when_a_path_lies_under_both(one, other, path):
    assert clash(one, other) == clash(other, one)
    if covers(one, path) and covers(other, path):
        assert clash(one, other)


@given(one=PATHS, other=PATHS)
def test_two_claims_that_clash_have_a_path_in_common(one, other):
    if not clash(one, other):
        return
    first, second = one[1:].split("/"), other[1:].split("/")
    longer = first if len(first) >= len(second) else second
    shorter = second if longer is first else first
    meeting = [next((word for word in pair if word[0] != "{"), "a") for pair in zip(longer, shorter, strict=False)]
    rest = [word if word[0] != "{" else "a" for word in longer[len(shorter) :]]
    path = "/" + "/".join(meeting + rest)
    assert covers(one, path)
    assert covers(other, path)


def test_what_is_reserved_could_be_claimed_if_it_were_not():
    """A reserved path that is no claim would never be compared with one."""
    assert all(is_claim(path) for path in RESERVED)
