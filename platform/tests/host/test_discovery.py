"""Discovery reads metadata and runs nothing; a declaration is light to import."""

import subprocess
import sys

from installed import KITCHEN_SINK
from shelf import declare, package_of

from frontage.host.discovery import find_candidates


def run_python(source, *path):
    words = [sys.executable, "-c", f"import sys; sys.path[:0] = {[str(one) for one in path]!r}\n{source}"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_candidate_tells_what_its_package_says_of_itself(shelf):
    shelf.put("tidy", version="2.3.4", requires="frontage>=1,<2")
    (found,) = shelf.find("tidy")
    assert (found.slug, found.distribution, found.version) == ("tidy", "frontage-tidy", "2.3.4")
    assert found.requires == ("frontage>=1,<2",)
    assert found.package == package_of("tidy")


def test_candidates_stand_in_the_order_of_their_slugs(shelf):
    for slug in ("zeal", "apple", "mint"):
        shelf.put(slug)
    slugs = [one.slug for one in find_candidates()]
    assert slugs == sorted(slugs)
    assert {"zeal", "apple", "mint"} <= {*slugs}


def test_nothing_of_a_plugin_is_imported(shelf):
    shelf.put("loud", "raise RuntimeError('imported')\n")
    assert [one.slug for one in shelf.find("loud")] == ["loud"]
    assert package_of("loud") not in sys.modules


def test_both_of_two_distributions_with_one_slug_are_found(shelf):
    shelf.put("twin")
    other = shelf.folder / "other_twin-3.0.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-twin\nVersion: 3.0.0\n")
    (other / "entry_points.txt").write_text("[frontage.plugins]\ntwin = other_twin:plugin\n")
    assert [one.distribution for one in shelf.find("twin")] == ["frontage-twin", "other-twin"]


def test_metadata_that_says_nothing_does_not_hide_the_others(shelf):
    """A half-removed distribution leaves a folder with entry points and no METADATA."""
    shelf.put("whole")
    half = shelf.folder / "half-1.0.0.dist-info"
    half.mkdir()
    (half / "entry_points.txt").write_text("[frontage.plugins]\nhalf = half:plugin\n")
    assert [one.slug for one in shelf.find("half", "whole")] == ["half", "whole"]


def test_a_plugin_that_is_taken_off_the_path_is_gone(shelf, monkeypatch):
    shelf.put("brief")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(shelf.folder)])
    assert shelf.find("brief") == []


def test_discovery_and_a_declaration_load_no_framework(shelf):
    """`frontage plugins list` on a host with fifty plugins must not import fifty applications."""
    shelf.put("light", declare("light", policies="{'a': Policy('5;w=60', per=(TENANT,))}"))
    candidate = shelf.put_kitchen_sink()
    source = f"""
from frontage.host.discovery import find_candidates
found = {{one.slug: one for one in find_candidates()}}
assert not any(name.startswith("frontage_") for name in sys.modules)
for slug in ("light", {candidate.slug!r}):
    assert found[slug].entry_point.load().slug == slug
print(sorted({{"litestar", "sqlalchemy", "alembic", "click", "uvicorn"}} & {{*sys.modules}}))
"""
    assert run_python(source, shelf.folder, KITCHEN_SINK) == "[]\n"
