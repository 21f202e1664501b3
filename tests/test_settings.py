"""Settings: which source counts, and what is said about a wrong one."""

import ipaddress
from pathlib import Path

import pytest

from microsocial.settings import ConfigUnreadable, Settings, SettingWrong, rows


def load(folder: Path, environ: dict[str, str] | None = None, **flags: object) -> Settings:
    return Settings.load({"data": folder} | flags, environ or {})


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    assert load(tmp_path).port == 8080
    (tmp_path / "config.toml").write_text("port = 1")
    assert load(tmp_path).port == 1
    assert load(tmp_path, {"MICROSOCIAL_PORT": "2"}).port == 2
    assert load(tmp_path, {"MICROSOCIAL_PORT": "2"}, port=3).port == 3
    assert load(tmp_path, {"MICROSOCIAL_PORT": "2"}, port=None).port == 2


def test_the_data_folder_is_the_flag_or_the_variable_or_the_usual_place(tmp_path: Path) -> None:
    assert Settings.load({"data": str(tmp_path)}, {}).data == tmp_path
    assert Settings.load({}, {"MICROSOCIAL_DATA": str(tmp_path)}).data == tmp_path
    assert Settings.load({}, {"XDG_DATA_HOME": str(tmp_path)}).data == tmp_path / "microsocial"
    assert Settings.load({}, {}).data.name.lower() == "microsocial"


def test_lists_come_as_toml_lists_or_with_commas(tmp_path: Path) -> None:
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))
    (tmp_path / "config.toml").write_text('trusted_proxies = ["10.0.0.0/8", "::1"]')
    assert load(tmp_path).trusted_proxies == networks
    assert load(tmp_path, trusted_proxies="10.0.0.0/8, ::1").trusted_proxies == networks


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("port", "many"),
        ("port", 70_000),
        ("port", True),
        ("address", "ana.example"),
        ("address", "ftp://ana.example"),
        ("trusted_proxies", "everyone"),
        ("trusted_proxies", 7),
        ("log_level", "loud"),
        ("media_ceiling_bytes", -1),
        ("host", ""),
        ("prot", 1),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, wrong: object) -> None:
    with pytest.raises(SettingWrong, match=name) as caught:
        load(tmp_path, **{name: wrong})
    assert caught.value.field == name


def test_a_broken_file_and_one_that_names_another_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("port = ")
    with pytest.raises(ConfigUnreadable, match=r"config\.toml"):
        load(tmp_path)
    (tmp_path / "config.toml").write_text('data = "/elsewhere"')
    with pytest.raises(SettingWrong, match="another"):
        load(tmp_path)


def test_the_public_address_loses_its_last_slash(tmp_path: Path) -> None:
    assert load(tmp_path, address="https://ana.example/").address == "https://ana.example"


def test_every_row_has_its_sentence() -> None:
    assert [row.name for row in rows() if not row.metadata["sentence"].endswith(".")] == []
