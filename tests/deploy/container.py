"""`python -m tests.deploy.container`: the build steps of the container file, one after the other, in an empty folder."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"(?m)^(COPY|RUN) (.*)$")
INSTALLED = "/opt/frontage"


def main() -> None:
    """Run the steps of the first stage; what is absolute in the image lies under the folder here."""
    stage = (ROOT / "deploy" / "Containerfile").read_text().split("\nFROM ")[1]
    steps = STEP.findall(stage)
    assert steps, "the container file has no steps"
    with tempfile.TemporaryDirectory(prefix="frontage-container-") as name:
        build = Path(name, "build")
        build.mkdir()
        for kind, words in steps:
            print(kind, words, flush=True)
            if kind == "COPY":
                copy(*words.split(), into=build)
            else:
                command = words.replace("/build", str(build)).replace(INSTALLED, name + INSTALLED)
                subprocess.run(["sh", "-euc", command], cwd=build, check=True, env={"PATH": path(), "HOME": name})
        served = subprocess.run(
            [f"{name}{INSTALLED}/bin/frontage", "plugins", "list"], cwd=name, capture_output=True, text=True, check=True
        )
        for plugin in ("store-locator", "landing-analytics", "storefront-beacon"):
            assert plugin in served.stdout, served.stdout + served.stderr
        for tool in ("ruff", "mypy", "pytest"):
            assert not Path(name + INSTALLED, "bin", tool).exists(), f"{tool} has no place in an image"
    print("The image's steps work, with nothing of the tools in it.")


def copy(source: str, target: str, *, into: Path) -> None:
    """What git knows of a file or folder, as a clone would have it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", source], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        place = into / target / Path(name).relative_to(source) if Path(name) != Path(source) else into / target / source
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place)


def path() -> str:
    return f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin"


if __name__ == "__main__":
    main()
