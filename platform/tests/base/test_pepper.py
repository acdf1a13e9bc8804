"""The pepper: digests that need the secret, a secret that can change, and one that the embedded mode keeps."""

import stat

from frontage.base.pepper import Pepper, load_pepper
from frontage.base.settings import Settings

FIRST, SECOND = "the first secret, thirty-two characters", "the second secret, thirty-two characters"


def settings(folder, **changes):
    return Settings(database_url="sqlite://", embedded=True, data_dir=folder / "var", tenants_dir=folder, **changes)


def test_a_digest_depends_on_the_text_and_on_the_secret():
    """32 bytes, the same for the same, and nothing that can be made without the secret."""
    assert Pepper(FIRST).digest("a") == Pepper(FIRST).digest("a")
    assert len({Pepper(secret).digest(text) for secret in (FIRST, SECOND) for text in ("a", "b")}) == 4
    assert len(Pepper(FIRST).digest("a")) == 32


def test_after_a_change_both_digests_are_candidates_the_current_first():
    """New digests are the current secret's; what the previous one made is still found."""
    changed = Pepper(SECOND, FIRST)
    assert changed.digest("a") == Pepper(SECOND).digest("a")
    assert changed.candidates("a") == [Pepper(SECOND).digest("a"), Pepper(FIRST).digest("a")]
    assert changed.name == Pepper(SECOND).name != Pepper(FIRST).name
    assert FIRST[:4] not in Pepper(FIRST).name


def test_a_given_secret_is_taken_and_none_is_written(tmp_path):
    """The folder is not even made."""
    assert load_pepper(settings(tmp_path, secret=FIRST)).digest("a") == Pepper(FIRST).digest("a")
    assert not (tmp_path / "var").exists()


def test_without_one_a_secret_is_made_once(tmp_path):
    """0600, in a folder of 0700, and found again."""
    assert load_pepper(settings(tmp_path)).name == load_pepper(settings(tmp_path)).name
    secret = tmp_path / "var" / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    assert [path.name for path in secret.parent.iterdir()] == ["secret"]
    assert len(secret.read_text()) >= 32
