"""`frontage storefront-beacon`, as an operator types it."""

import os
import subprocess
import sys


def test_one_command_removes_a_demo(tmp_path):
    """From an operator's desk, without a server; a tenant that does not exist is named."""
    folder = tmp_path / "tenants"
    folder.mkdir()
    (folder / "acme.toml").write_text('name = "Acme"\nnumber = 1\n[plugins.storefront-beacon]\n')
    places = {"FRONTAGE_DATA_DIR": str(tmp_path / "var"), "FRONTAGE_TENANTS_DIR": str(folder)}

    def frontage(*words):
        command = [sys.executable, "-c", "from frontage.cli import main; main()", *words]
        ran = subprocess.run(command, env=os.environ | places, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout.strip(), ran.stderr

    assert frontage("tenants", "apply")[0] == 0
    assert frontage("storefront-beacon", "remove-demo", "acme")[:2] == (0, "0 made-up events removed.")
    code, _, wrong = frontage("storefront-beacon", "remove-demo", "nobody")
    assert code != 0
    assert "nobody" in wrong
