"""Settings that cannot work are refused in a sentence that names them."""

import pytest

from core.config import Config, ConfigError


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("BASE_URL", "http://example.org", "must begin with https://"),
        ("PROXIES", "yes", "PROXIES is 'yes': it must be a whole number"),
        ("MAIL_PORT", "x", "MAIL_PORT is 'x': it must be a whole number"),
        ("DATABASE_URL", "mysql://somewhere/base", "sqlite:/// or postgresql://"),
        ("DATABASE_URL", "sqlite:///base.sqlite", "a path must be whole"),
        ("DATABASE_URL", "sqlite:///:memory:", "a path must be whole"),
        ("REDIS_URL", "localhost", "must begin with redis://"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Config.from_env({setting: value})


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL"])
def test_no_password_is_printed(setting: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({setting: "valkey://us:hush@host/0"})

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "setting", ["DATA_DIR", "DATABASE_URL", "KEY_STORE", "BASE_URL", "PROXIES", "MAIL_PORT"]
)
def test_an_empty_setting_is_none(setting: str) -> None:
    assert Config.from_env({setting: ""}) == Config.from_env({})


@pytest.mark.parametrize("address", ["http://localhost:5000", "https://feedback.example.org"])
def test_answers_travel_readable_on_this_machine_alone(address: str) -> None:
    assert Config.from_env({"BASE_URL": f"{address}/"}).base_url == address


def test_postgresql_goes_by_our_driver() -> None:
    settings = Config.from_env({"DATABASE_URL": "postgresql://host/base"}).flask_settings()

    assert settings["SQLALCHEMY_ENGINES"]["default"]["url"] == "postgresql+psycopg://host/base"
