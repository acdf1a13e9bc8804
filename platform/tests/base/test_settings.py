"""Settings: what the environment means, and every mistake in it at once."""

import stat
from pathlib import Path

import pytest

from frontage.base.errors import ConfigurationError
from frontage.base.settings import KNOWN, Settings

SECRET = "a secret of thirty-two characters and more"
POSTGRES = {"FRONTAGE_DATABASE_URL": "postgresql://shop:word@db/shop", "FRONTAGE_SECRET": SECRET}


def mistakes(**environment):
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    return {mistake.key: mistake for mistake in caught.value.mistakes}


def test_an_empty_environment_is_the_embedded_mode():
    """Nothing has to be set at a desk."""
    settings = Settings.from_environment({})
    assert settings.embedded
    assert settings.database_url == f"sqlite+aiosqlite:///{Path('var/frontage.db').absolute()}"
    assert (settings.data_dir, settings.tenants_dir) == (Path("var"), Path("tenants"))
    assert (settings.secret, settings.processes, settings.base_url) == (None, None, "http://127.0.0.1:8000")


def test_every_setting_is_read():
    """Lists take commas and spaces, hosts lower case, the base URL no slash at its end."""
    settings = Settings.from_environment(
        POSTGRES
        | {
            "FRONTAGE_SECRET_PREVIOUS": SECRET[::-1],
            "FRONTAGE_REDIS_URL": "redis://cache:6379/0",
            "FRONTAGE_DATA_DIR": "/srv/data",
            "FRONTAGE_TENANTS_DIR": "/srv/shops",
            "FRONTAGE_BASE_URL": "https://edge.example.com/shop/",
            "FRONTAGE_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::1 unix",
            "FRONTAGE_COUNTRY_HEADER": "CF-IPCountry",
            "FRONTAGE_ALLOWED_HOSTS": "Edge.Example.com,b.example",
            "FRONTAGE_PROCESSES": "12",
        }
    )
    assert settings == Settings(
        database_url="postgresql+asyncpg://shop:word@db/shop",
        embedded=False,
        data_dir=Path("/srv/data"),
        tenants_dir=Path("/srv/shops"),
        secret=SECRET,
        previous_secret=SECRET[::-1],
        redis_url="redis://cache:6379/0",
        base_url="https://edge.example.com/shop",
        trusted_proxies=("10.0.0.0/8", "2001:db8::1", "unix"),
        country_header="CF-IPCountry",
        allowed_hosts=("edge.example.com", "b.example"),
        processes=12,
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/shop",
        "postgres://u:p%40ss@db:5432/shop",
        "postgresql+asyncpg://u@[::1]:5432/shop",
        "postgresql:///shop?host=/run/postgresql",
        "postgresql://db/shop?sslmode=require",
    ],
)
def test_forms_of_a_database_url(url):
    """All of PostgreSQL's own forms are taken, for our driver."""
    settings = Settings.from_environment({**POSTGRES, "FRONTAGE_DATABASE_URL": url})
    assert settings.database_url == "postgresql+asyncpg://" + url.partition("://")[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("FRONTAGE_DATABASE_URL", "mysql://db/shop", id="another database"),
        pytest.param("FRONTAGE_DATABASE_URL", "postgresql://", id="a database without a place"),
        pytest.param("FRONTAGE_DATABASE_URL", "postgresql://db:port/shop", id="a port that is no number"),
        pytest.param("FRONTAGE_DATABASE_URL", "db/shop", id="a database without a scheme"),
        pytest.param("FRONTAGE_SECRET", "short", id="short secret"),
        pytest.param("FRONTAGE_SECRET_PREVIOUS", "short", id="short previous secret"),
        pytest.param("FRONTAGE_REDIS_URL", "http://cache", id="another store"),
        pytest.param("FRONTAGE_REDIS_URL", "redis://[", id="half a host"),
        pytest.param("FRONTAGE_BASE_URL", "edge.example.com", id="base URL without a scheme"),
        pytest.param("FRONTAGE_BASE_URL", "ftp://edge.example.com", id="base URL of another scheme"),
        pytest.param("FRONTAGE_BASE_URL", "https://edge.example.com/?a=1", id="base URL with a query"),
        pytest.param("FRONTAGE_BASE_URL", "https://[::1", id="base URL with half a host"),
        pytest.param("FRONTAGE_BASE_URL", "https://edge:99999", id="base URL with an impossible port"),
        pytest.param("FRONTAGE_TRUSTED_PROXIES", "10.0.0.0/8, proxy.local", id="proxy by name"),
        pytest.param("FRONTAGE_COUNTRY_HEADER", "CF IP:Country", id="no name of a header"),
        pytest.param("FRONTAGE_COUNTRY_HEADER", "CF-IPCountry", id="a header that nobody is trusted to send"),
        pytest.param("FRONTAGE_PROCESSES", "0", id="no process"),
        pytest.param("FRONTAGE_PROCESSES", "two", id="processes in words"),
        pytest.param("FRONTAGE_PROCESSES", "²", id="a digit that is none"),
        pytest.param("FRONTAGE_COLOUR", "blue", id="unknown name"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected_and_the_fix(name, value):
    """One mistake, that of this setting."""
    (found,) = mistakes(**{**POSTGRES, name: value}).values()
    assert (found.where, found.key) == ("environment", name)
    assert found.expected
    assert found.fix


def test_all_mistakes_are_told_at_once():
    """Nobody mends one setting to hear of the next."""
    wrong = {
        "FRONTAGE_DATABASE_URL": "mysql://db/shop",
        "FRONTAGE_SECRET_PREVIOUS": "short",
        "FRONTAGE_REDIS_URL": "x",
        "FRONTAGE_BASE_URL": "x",
        "FRONTAGE_TRUSTED_PROXIES": "x",
        "FRONTAGE_PROCESSES": "x",
        "FRONTAGE_COLOUR": "x",
        "FRONTAGE_SECRETT": "x",
    }
    assert set(mistakes(**wrong)) == {*wrong, "FRONTAGE_SECRET"}


def test_an_unknown_name_is_answered_with_the_known_ones():
    """A misspelt setting would otherwise do nothing, silently; names of the tests are not ours to judge."""
    found = mistakes(FRONTAGE_SECRETT=SECRET)["FRONTAGE_SECRETT"]
    assert all(name in found.expected for name in KNOWN)
    assert SECRET[:8] not in str(found), "it may be a secret whose name is misspelt"
    Settings.from_environment({"FRONTAGE_TEST_DATABASE_URL": "x", "FRONTAGER": "x"})


def test_no_mistake_tells_a_password():
    """A URL with a password may be wrong; its words do not reach a screen or a log."""
    told = mistakes(
        FRONTAGE_DATABASE_URL="mysql://u:pass-word@db",
        FRONTAGE_REDIS_URL="http://:pass-word@x",
        FRONTAGE_SECRET="pass-word",
    )
    assert "pass-word" not in " ".join(map(str, told.values()))


def test_a_secret_is_required_with_a_database_of_its_own():
    """The embedded mode makes one; production refuses."""
    assert set(mistakes(FRONTAGE_DATABASE_URL="postgresql://db/shop")) == {"FRONTAGE_SECRET"}
    assert set(mistakes(FRONTAGE_DATABASE_URL="postgresql://db/shop", FRONTAGE_SECRET=" ")) == {"FRONTAGE_SECRET"}


def test_blank_settings_count_as_unset():
    """As a compose file leaves them."""
    assert Settings.from_environment(dict.fromkeys(KNOWN, " ")) == Settings.from_environment({})


def test_what_can_be_read_is_read_beside_a_mistake():
    """So that a check of everything goes on."""
    settings, found = Settings.examine({"FRONTAGE_TENANTS_DIR": "shops", "FRONTAGE_PROCESSES": "x"})
    assert settings.tenants_dir == Path("shops")
    assert [mistake.key for mistake in found] == ["FRONTAGE_PROCESSES"]


def test_the_data_folder_is_for_its_owner_alone(tmp_path):
    """Also below folders that are not there yet; one that is there stays as it is."""
    settings = Settings.from_environment({"FRONTAGE_DATA_DIR": str(tmp_path / "a" / "b")})
    settings.make_data_dir()
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    (tmp_path / "a" / "b").chmod(0o750)
    settings.make_data_dir()
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o750


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path):
    """With the setting that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="FRONTAGE_DATA_DIR"):
        Settings.from_environment({"FRONTAGE_DATA_DIR": str(tmp_path / "file" / "var")}).make_data_dir()
