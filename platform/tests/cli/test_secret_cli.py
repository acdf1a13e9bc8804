"""The operator's secret: made, demanded, changed."""

import stat

SECOND = "another secret of thirty-two characters and more"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_embedded_mode_keeps_a_secret_of_its_own(fresh_desk):
    """In a folder and a file for nobody else, the same at every start."""
    fresh_desk("tenants", "apply")
    fresh_desk("keys", "create", "acme", "--kind", "secret")
    secret = fresh_desk.var / "secret"
    assert mode(fresh_desk.var) == 0o700
    assert mode(secret) == 0o600
    kept = secret.read_text()
    assert len(kept) >= 32
    fresh_desk("keys", "create", "acme", "--kind", "secret")
    assert secret.read_text() == kept
    assert kept not in fresh_desk("keys", "list", "acme", "--json").out


def test_processes_that_start_at_once_agree_on_one_secret(fresh_desk):
    """Whoever comes second takes the first one's; nothing half-made lies about."""
    fresh_desk("tenants", "apply")
    started = [fresh_desk.start("keys", "create", "acme", "--kind", "secret", "--json") for _ in range(6)]
    results = [one.end() for one in started]
    assert [one.code for one in results] == [0] * 6, [one.err for one in results]
    rows = [line for line in fresh_desk("tenants", "export", "acme").out.splitlines() if '"core_key"' in line]
    assert len(rows) == 6
    assert len({row.partition('"pepper":"')[2][:8] for row in rows}) == 1
    assert [path.name for path in fresh_desk.var.iterdir() if "secret" in path.name] == ["secret"]


def test_production_refuses_to_start_without_a_secret(fresh_desk):
    """The message says what was expected and how to make one; nothing is written."""
    words = ("serve", "migrate", "check")
    for word in words:
        refused = fresh_desk(word, code=78, FRONTAGE_DATABASE_URL="postgresql://shop@127.0.0.1:1/shop")
        assert "environment: FRONTAGE_SECRET: missing; expected a random text of at least 32 characters" in refused.err
        assert "secrets.token_urlsafe(48)" in refused.err
    assert not fresh_desk.var.exists()


def test_a_data_folder_that_cannot_be_made_is_a_mistake_of_the_configuration(fresh_desk):
    """Not a trace: the setting, its value and the reason."""
    fresh_desk.folder.joinpath("file").write_text("")
    refused = fresh_desk("tenants", "apply", code=78, FRONTAGE_DATA_DIR="file/var")
    assert "environment: FRONTAGE_DATA_DIR: 'file/var'; expected a folder that can be made and written" in refused.err
