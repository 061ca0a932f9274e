"""An archive in a store: the same data as with one in a directory, and no page is lost whatever fails between here and there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from newsroom import archive, extract, pipeline
from newsroom.archive import ArchiveReader
from newsroom.errors import ConfigError, Damaged, Transient
from newsroom.sample import SampleSite, Server
from newsroom.stages import fetch
from newsroom.store import Store
from tests.nights import Office, impatient_config
from tests.served_s3 import BUCKET, S3, s3
from tests.site import running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[SampleSite, Server]]:
    with running(articles=30) as both:
        yield both


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, site: tuple[SampleSite, Server]) -> Office:
    """A sweep with the archive in a directory."""
    office = Office(tmp_path_factory.mktemp("plain"), site[1].url)
    assert office.run("sweep").outcome == "ok"
    return office


@pytest.fixture
def url(bucket: S3, tmp_path: Path) -> str:
    """A new store: a folder in a bucket."""
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture(params=["s3", "file"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, or a folder that is mounted."""
    if request.param == "s3":
        return str(request.getfixturevalue("url"))
    (tmp_path / "mounted").mkdir()
    return f"file://{tmp_path / 'mounted'}"


def office(folder: Path, server: Server | None, url: str) -> Office:
    """One that keeps its archive in a store."""
    config = folder / "config"
    if not config.exists():
        impatient_config(config)
        settings = config / "newsroom.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace('store = "" ', f'store = "{url}" '), encoding="utf-8")
    return Office(folder / "data", server.url if server else None, config=config)


def local(here: Office) -> list[str]:
    return sorted(path.name for path in (here.data / "archive").glob("*/*"))


def refs(here: Office) -> set[tuple[str, int]]:
    return set(here.sql("SELECT warc_file, warc_offset FROM articles"))


def readable(here: Office, url: str) -> None:
    """Every row leads to its response."""
    with ArchiveReader(here.data / "archive" / "osce", Store(f"{url}/osce")) as reader:
        for name, offset, address in here.sql("SELECT warc_file, warc_offset, url FROM articles"):
            assert reader.read(archive.ArchiveRef(name, offset)).url.rsplit("/", 1)[1] == address.rsplit("/", 1)[1]


def verified(here: Office) -> tuple[int, list[str]]:
    ((source, files, problems),) = pipeline.verify_archive(pipeline.Options(here.config, here.data))
    assert source == "osce"
    return files, problems


def test_nights_are_those_of_an_archive_in_a_directory(
    tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sweep, another night, a new parser: the same public data, nothing left here, all of it whole there."""
    here = office(tmp_path, site[1], any_url)
    assert here.run("sweep").outcome == "ok"
    assert here.public_data() == plain.public_data()
    assert local(here) == []
    readable(here, any_url)
    here.sleep()
    assert here.run("nightly", recheck="all").outcome == "ok"
    assert here.public_data() == plain.public_data()
    files, problems = verified(here)
    assert (files, problems) == (2, [])
    assert {each.where.rpartition("/")[0] for each in pipeline.archive_files(pipeline.Options(here.config, here.data))} == {
        f"{any_url}/osce"
    }

    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    asked = len(site[1].log)
    assert here.run("reparse").outcome == "ok"
    assert len(site[1].log) == asked
    assert here.public_data()["coverage"] == plain.public_data()["coverage"]
    assert set(here.sql("SELECT parser_version FROM articles")) == {(extract.PARSER_VERSION,)}


def test_reading_again_asks_for_much_at_once(
    tmp_path: Path, site: tuple[SampleSite, Server], bucket: S3, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each record: a store may be fifty milliseconds away."""
    here = office(tmp_path, site[1], url)
    here.run("sweep")
    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    before = bucket.reads()
    assert here.run("reparse").sources["osce"]["read"] == 30
    assert 1 <= bucket.reads() - before <= 3


def test_what_is_damaged_or_gone_there_is_told(tmp_path: Path, site: tuple[SampleSite, Server], url: str) -> None:
    here = office(tmp_path, site[1], url)
    run_id = here.run("sweep").run_id
    system, path = fsspec.core.url_to_fs(f"{url}/osce/{run_id}.warc")
    whole = system.cat_file(path)
    system.pipe_file(path, whole[:-100] + b"x" + whole[-99:])
    files, (problem,) = verified(here)
    assert problem.startswith(f"{url}/osce/{run_id}.warc at ") and "restore" in problem
    system.rm_file(path)
    files, (problem,) = verified(here)
    assert files == 0
    assert problem == f"{url}/osce/{run_id}.warc: is missing, though responses in it are needed; restore it from a backup"


def test_old_files_that_nobody_needs_go_there_too(tmp_path: Path, site: tuple[SampleSite, Server], url: str) -> None:
    here = office(tmp_path, site[1], url)
    here.run("sweep", recheck="none")
    here.sleep(400)
    last = here.run("sweep", recheck="all").run_id
    options = pipeline.Options(here.config, here.data)
    for snapshot in sorted((here.data / "public" / "snapshots").glob("*.duckdb"))[:-1]:
        snapshot.unlink()  # they need what they show
    needed = {name for name, _ in refs(here)}
    gone = pipeline.prune_archive(options, days=365, clock=here.clock)
    assert {each.name for each in gone}.isdisjoint(needed)
    assert {each.name for each in pipeline.archive_files(options)} == needed | {f"{last}.warc"}


# --- what fails


def struck(where: str, data: Path, config: Path, base_url: str, env: dict[str, str]) -> None:
    """In a process of its own: a sweep that is killed when its file is about to go to the store, or has gone."""
    os.environ.update(env)
    put = Store._put

    def deadly(self: Store, file: Path) -> None:
        if where == "after":
            put(self, file)
        os.kill(os.getpid(), signal.SIGKILL)

    Store._put = deadly  # type: ignore[method-assign]
    Office(data, base_url, config=config).run("sweep")


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_kill_leaves_the_file_here_or_there(
    tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, any_url: str, where: str
) -> None:
    """And the next run takes it there: no page is asked for again."""
    here = office(tmp_path, site[1], any_url)
    env = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    child = multiprocessing.get_context("spawn").Process(target=struck, args=(where, here.data, here.config, site[1].url, env))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    (name,) = local(here)
    assert (Store(f"{any_url}/osce").size(name) is not None) == (where == "after")
    asked = len(site[1].log)
    here.sleep()
    assert here.run("nightly", recheck="none").outcome == "ok"
    pages = [one for one in site[1].log[asked:] if not one.path.startswith(("/press-releases", "/robots"))]
    assert pages == []
    assert local(here) == []
    assert here.public_data() == plain.public_data()
    readable(here, any_url)
    assert verified(here)[1] == []


def test_a_store_that_goes_away_costs_nothing(
    tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night is published and called incomplete, and what could not be taken there is here, and goes with the next."""
    here = office(tmp_path, site[1], url)
    monkeypatch.setattr("newsroom.store._PAUSES", (0.0,))
    put = Store._put

    def away(self: Store, file: Path) -> None:
        raise Transient(f"{self.url}/{file.name}: the store could not take (EndpointConnectionError: no route)")

    monkeypatch.setattr(Store, "_put", away)
    result = here.run("sweep")
    assert result.outcome == "incomplete"
    assert "the store could not take" in (result.detail or "")
    assert here.public_data() == plain.public_data()
    assert local(here) == [f"{result.run_id}.warc"]
    readable(here, url)
    monkeypatch.setattr(Store, "_put", put)
    here.sleep()
    assert here.run("nightly", recheck="none").outcome == "ok"
    assert local(here) == []


def test_while_the_store_is_away_no_page_is_called_damaged(
    tmp_path: Path, site: tuple[SampleSite, Server], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That would set all of them aside, and have them asked for again."""
    here = office(tmp_path, site[1], url)
    here.run("sweep")
    monkeypatch.setattr(extract, "PARSER_VERSION", extract.PARSER_VERSION + 1)
    system, _ = fsspec.core.url_to_fs(url, use_listings_cache=False)

    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError("the cable is out")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "check", lambda _: None)  # the cable was in when the run began
        patch.setattr(type(system), "open", away)
        with pytest.raises(Transient, match=r"could not be read .*the cable is out"):
            here.run("reparse")
    assert here.run("reparse").sources["osce"]["read"] == 30
    assert here.sql("SELECT count(*) FROM quarantine WHERE reason = 'archive-damaged'") == [(0,)]


REFUSALS: list[tuple[str, dict[str, str | None], type[Exception], str]] = [
    ("s3://nobody/has-this", {}, ConfigError, "there is no such bucket or folder"),
    ("file:///nowhere/at/all", {}, ConfigError, "there is no such bucket or folder .*is it mounted"),
    (f"s3://{BUCKET}/x", {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, ConfigError, "cannot be used .*credentials"),
    (f"s3://{BUCKET}/x", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, Transient, "does not answer .*try again later"),
    ("nosuch://x/y", {}, ConfigError, "Protocol not known: nosuch"),
]


@pytest.mark.parametrize(("url", "env", "error", "said"), REFUSALS)
def test_a_store_that_cannot_be_used_is_one_line_before_any_request(
    tmp_path: Path,
    site: tuple[SampleSite, Server],
    bucket: S3,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    env: dict[str, str | None],
    error: type[Exception],
    said: str,
) -> None:
    for name, value in env.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    monkeypatch.setenv("HOME", str(tmp_path))  # no keys of whoever runs this
    here = office(tmp_path, site[1], url)
    asked = len(site[1].log)
    with pytest.raises(error, match=said) as refused:
        here.run("sweep")
    assert str(refused.value).startswith(f"archive.store = {url}")
    assert "\n" not in str(refused.value)
    assert len(site[1].log) == asked
    assert not (here.data / "warehouse.duckdb").exists()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def test_without_its_package_the_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(ConfigError, match=r'needs another package \(.*s3fs.*\); for S3: pip install "newsroom\[s3\]"'):
        Store("s3://somewhere/else").check()


def test_two_newsrooms_never_write_over_each_other(tmp_path: Path, site: tuple[SampleSite, Server], url: str) -> None:
    """They start at the same second every night, and someone has given both the same store."""
    one, other = office(tmp_path / "one", site[1], url), office(tmp_path / "other", site[1], url)
    first = one.run("sweep")
    taken = Store(f"{url}/osce").size(f"{first.run_id}.warc")
    second = other.run("sweep")  # sees the name taken when it begins
    assert second.run_id == f"{first.run_id}-2"
    assert Store(f"{url}/osce").size(f"{first.run_id}.warc") == taken
    late = tmp_path / f"{first.run_id}.warc"
    late.write_bytes(b"not that file")
    with pytest.raises(Damaged, match="is another file of that name; two newsrooms must not share a store"):
        Store(f"{url}/osce").put(late)
    assert late.exists()
    assert Store(f"{url}/osce").size(late.name) == taken


def test_settings_that_name_another_store_are_refused(tmp_path: Path, site: tuple[SampleSite, Server], url: str) -> None:
    """Else every page would be missing, and asked for again."""
    here = office(tmp_path, site[1], url)
    here.run("sweep")
    with pytest.raises(ConfigError, match=f"is '', but the archive of .* is in {url}; name that, or move the files"):
        Office(here.data, site[1].url).run("nightly")


def test_an_archive_moves_when_a_store_is_named(tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, url: str) -> None:
    """Yesterday's files were in the directory; the next night takes them along."""
    here = office(tmp_path, site[1], url)
    before = Office(here.data, site[1].url)
    before.run("sweep")
    assert len(local(before)) == 1
    here.now = before.now
    here.sleep()
    assert here.run("nightly", recheck="none").outcome == "ok"
    assert local(here) == []
    readable(here, url)


# --- far away


def far_batch(tmp_path: Path, server: Server, url: str, jobs: Any) -> fetch.FetchBatch:
    source = pipeline.config.load_source(impatient_config(tmp_path / "far") / "sources" / "osce.toml")
    way = fetch.Way(source, "test", tmp_path / "not" / "here", f"{url}/osce", base_url=server.url, delay=0)
    return fetch.FetchBatch(way, 1, tuple(jobs), warc_name="20270601-023000-sweep.b1", is_far=True)


def test_a_batch_done_far_away_is_an_object_of_each_attempts_own(
    tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, any_url: str
) -> None:
    """A worker that was thought dead may still be writing: nothing of either's is lost, nothing written over."""
    addresses = plain.sql("SELECT article_id, url FROM articles ORDER BY ALL LIMIT 5")
    batch = far_batch(tmp_path, site[1], any_url, [fetch.FetchJob(*each) for each in addresses])
    first, second = fetch.fetch_batch(batch), fetch.fetch_batch(batch)
    names = [{each.archived.warc_file for each in came.fetches if each.archived} for came in (first, second)]
    assert names[0].isdisjoint(names[1]) and [len(each) for each in names] == [1, 1]
    assert not (tmp_path / "not").exists()
    with ArchiveReader(tmp_path / "nothing", Store(f"{any_url}/osce")) as reader:
        for each in (*first.fetches, *second.fetches):
            assert each.archived is not None
            assert reader.read(each.archived).status == 200


def test_a_batch_whose_pages_the_store_did_not_take_has_not_been_done(
    tmp_path: Path, site: tuple[SampleSite, Server], plain: Office, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts must not come back that lead to no page."""
    tries: list[Path] = []

    def away(_: Store, file: Path) -> None:
        tries.append(file)
        raise Transient("no route")

    monkeypatch.setattr("newsroom.store._PAUSES", (0.0, 0.0))
    monkeypatch.setattr(Store, "_put", away)
    addresses = plain.sql("SELECT article_id, url FROM articles ORDER BY ALL LIMIT 2")
    with pytest.raises(Transient, match="no route"):
        fetch.fetch_batch(far_batch(tmp_path, site[1], url, [fetch.FetchJob(*each) for each in addresses]))
    assert len(tries) == 3
