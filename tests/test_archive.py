"""What was received is kept, can be read back to the byte, and survives whatever ends a run."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import subprocess
import sys
import textwrap
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from newsroom import archive
from newsroom.archive import ArchiveReader, ArchiveWriter
from newsroom.errors import Damaged, NewsroomError, Rejected
from newsroom.model import ArchiveRef, Exchange

AT = datetime(2026, 11, 23, 2, 30, 0, 123456, tzinfo=UTC)
URL = "https://www.osce.org/albania/1?page=2"
PAGE = b"<h1>Workshop in Tirana</h1>" * 20


def exchange(body: bytes = PAGE, *, status: int = 200, headers: tuple[tuple[str, str], ...] = (), **changes: Any) -> Exchange:
    values: dict[str, Any] = {
        "url": URL,
        "method": "GET",
        "request_headers": (("Host", "www.osce.org"), ("User-Agent", "Newsroom/0.1")),
        "status": status,
        "reason": "OK",
        "http_version": "HTTP/1.1",
        "response_headers": (("Content-Type", "text/html"), *headers),
        "body": body,
        "fetched_at": AT,
        "seconds": 0.2,
        "ip_address": "93.184.215.14",
    }
    return Exchange(**(values | changes))


def writer(directory: Path, name: str = "run-1", end: int = 0) -> ArchiveWriter:
    return ArchiveWriter(directory, name=name, info={"software": "Newsroom/0.1", "robots": "obey"}, clock=lambda: AT, end=end)


def warcio_is_content(path: Path) -> bool:
    """`warcio check`, without a process for each file."""
    arguments = type("Arguments", (), {"inputs": [str(path)], "verbose": False})
    return bool(Checker(arguments).process_all() == 0)


AWKWARD = {
    "plain": exchange(),
    "gzip": exchange(gzip.compress(PAGE), headers=(("Content-Encoding", "gzip"),)),
    "deflate": exchange(zlib.compress(PAGE), headers=(("content-encoding", "deflate"),)),
    "chunked": exchange(headers=(("Transfer-Encoding", "chunked"),)),
    "wrong label": exchange(headers=(("Content-Encoding", "gzip"),)),
    "empty": exchange(b"", status=204, reason=""),
    "redirect": exchange(b"moved", status=301, headers=(("Location", "/albania/2"),)),
    "looks like a record": exchange(b"\r\n\r\nWARC/1.1\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"),
    "not ASCII": exchange(headers=(("X-Place", "Priština".encode().decode("latin-1")), ("X-Name", "caf\xe9; a=\xfc"))),
    "same header twice": exchange(headers=(("Set-Cookie", "a=1"), ("X", ""), ("set-cookie", "b=2; Path=/"))),
    "torn": exchange(gzip.compress(PAGE)[:40], headers=(("Content-Encoding", "gzip"), ("Content-Length", "99")), truncated="disconnect"),
    "large": exchange(os.urandom(200_000)),
    "old server": exchange(http_version="HTTP/1.0", ip_address=None, reason="Sehr wohl"),
    "many fields": exchange(headers=tuple((f"X-{n}", "y" * 900) for n in range(90))),
}


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, ArchiveRef]]:
    directory = tmp_path_factory.mktemp("archive")
    with writer(directory) as night:
        return directory, {name: night.write(each) for name, each in AWKWARD.items()}


# there and back


@pytest.mark.parametrize("name", AWKWARD)
def test_what_was_received_is_what_is_read(awkward: tuple[Path, dict[str, ArchiveRef]], name: str) -> None:
    """Body to the byte, headers in order and spelling; only the name of the header that would lie about chunks is changed."""
    directory, refs = awkward
    stored, kept = archive.read(directory, refs[name]), AWKWARD[name]
    headers = tuple(("X-Crawler-" + k if k == "Transfer-Encoding" else k, v) for k, v in kept.response_headers)
    assert (stored.url, stored.status, stored.body, stored.headers) == (kept.url, kept.status, kept.body, headers)
    assert (stored.fetched_at, stored.truncated) == (AT, kept.truncated)
    if name in ("wrong label", "torn"):
        with pytest.raises(Rejected, match="gzip"):
            _ = stored.content
    else:
        assert stored.content == (PAGE if "flate" in name or name == "gzip" else kept.body)


def test_other_tools_read_it_too(awkward: tuple[Path, dict[str, ArchiveRef]]) -> None:
    """`warcio check` passes, and warcio finds the same records at the same places with the same bytes."""
    directory, refs = awkward
    path = directory / "run-1.warc"
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", str(path)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("digest pass") == 1 + 2 * len(AWKWARD), done.stdout
    found = {}
    with path.open("rb") as file:
        iterator = ArchiveIterator(file)
        for record in iterator:
            raw = record.raw_stream.read()
            found[iterator.get_record_offset()] = (record.rec_type, record.rec_headers, raw)
    kinds = [kind for kind, _, _ in found.values()]
    assert kinds == ["warcinfo"] + ["response", "request"] * len(AWKWARD)
    for name, ref in refs.items():
        kind, fields, body = found[ref.warc_offset]
        assert (kind, body) == ("response", AWKWARD[name].body)
        assert fields["WARC-Target-URI"] == URL and fields["WARC-Date"] == "2026-11-23T02:30:00.123456Z"
        assert fields["WARC-IP-Address"] == AWKWARD[name].ip_address and fields["WARC-Truncated"] == AWKWARD[name].truncated


def test_a_file_says_who_wrote_it_and_a_request_what_it_got(tmp_path: Path) -> None:
    with writer(tmp_path) as night:
        night.write(exchange())
    with (tmp_path / "run-1.warc").open("rb") as file:
        info, response, request = ((r.rec_headers, r.content_stream().read(), r.http_headers) for r in ArchiveIterator(file))
    assert info[0]["WARC-Filename"] == "run-1.warc" and b"software: Newsroom/0.1\r\nrobots: obey\r\n" in info[1]
    assert request[0]["WARC-Concurrent-To"] == response[0]["WARC-Record-ID"]
    assert response[0]["WARC-Warcinfo-ID"] == request[0]["WARC-Warcinfo-ID"] == info[0]["WARC-Record-ID"]
    assert request[2].protocol == "GET" and request[2].statusline == "/albania/1?page=2 HTTP/1.1"
    assert request[2].headers == list(exchange().request_headers)


def test_not_modified_is_a_revisit(tmp_path: Path) -> None:
    """A 304 points to the response it confirms, where that is known, and reads back as an empty 304."""
    before = AT - timedelta(days=3)
    with writer(tmp_path) as night:
        known = night.write(exchange(b"", status=304), refers_to=(URL, before))
        unknown = night.write(exchange(b"", status=304))
    assert warcio_is_content(tmp_path / "run-1.warc")
    with (tmp_path / "run-1.warc").open("rb") as file:
        first, second = (r.rec_headers for r in ArchiveIterator(file) if r.rec_type == "revisit")
    assert first["WARC-Profile"] == second["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert (first["WARC-Refers-To-Target-URI"], first["WARC-Refers-To-Date"]) == (URL, "2026-11-20T02:30:00.123456Z")
    assert second["WARC-Refers-To-Date"] is None
    for ref in (known, unknown):
        assert (archive.read(tmp_path, ref).status, archive.read(tmp_path, ref).content) == (304, b"")


header_names = st.text(st.sampled_from("abcXYZ019-_"), min_size=1, max_size=12).filter(lambda name: name.lower() != "transfer-encoding")
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"), max_size=40)


@settings(max_examples=60)
@given(body=st.binary(max_size=200), headers=st.lists(st.tuples(header_names, header_values), max_size=6), reason=header_values)
def test_any_exchange_comes_back(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, headers: list[tuple[str, str]], reason: str
) -> None:
    directory = tmp_path_factory.mktemp("any")
    with writer(directory) as night:
        ref = night.write(exchange(body, response_headers=tuple(headers), reason=reason))
    stored = archive.read(directory, ref)
    assert (stored.body, stored.headers) == (body, tuple(headers))


def test_line_breaks_cannot_forge_headers(tmp_path: Path) -> None:
    """What a server folded, or somebody configured, stays one line of the record."""
    folded = exchange(headers=(("X-Folded", "a\r\n b"), ("X-Evil", "a\r\n\r\nWARC/1.1\r\n")), url="https://www.osce.org/a\r\nX: y")
    with ArchiveWriter(tmp_path, name="r", info={"operator": "a\r\nWARC-Type: response"}, clock=lambda: AT) as night:
        ref = night.write(folded)
    stored = archive.read(tmp_path, ref)
    assert stored.headers[1:] == (("X-Folded", "a b"), ("X-Evil", "a WARC/1.1")) and stored.body == PAGE
    assert warcio_is_content(tmp_path / "r.warc")


def test_local_times_are_stored_as_utc(tmp_path: Path) -> None:
    vienna = AT.astimezone(timezone(timedelta(hours=1)))
    with writer(tmp_path) as night:
        ref = night.write(exchange(fetched_at=vienna))
    assert archive.read(tmp_path, ref).fetched_at == AT


# files


def test_a_night_without_requests_leaves_no_file(tmp_path: Path) -> None:
    with writer(tmp_path / "osce") as night:
        night.flush()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_open_while_it_is_written_and_readable_all_the_time(tmp_path: Path) -> None:
    """References carry the final name from the start; closing twice does nothing, writing after it is a mistake."""
    with ArchiveReader(tmp_path) as reader:
        night = writer(tmp_path)
        ref = night.write(exchange())
        night.flush()
        assert [path.name for path in tmp_path.iterdir()] == ["run-1.warc.open"] and ref.warc_file == "run-1.warc"
        assert reader.read(ref).content == PAGE
        later = night.write(exchange(b"later"))
        night.close()
        night.close()
        assert [path.name for path in tmp_path.iterdir()] == ["run-1.warc"]
        assert reader.read(later).content == b"later"
    assert archive.read(tmp_path, ref).content == PAGE
    with pytest.raises(ValueError, match="after it was closed"):
        night.write(exchange())


def test_files_are_never_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_ORPHAN_SECONDS", 0.2)
    with writer(tmp_path) as night:
        night.write(exchange())
    before = (tmp_path / "run-1.warc").read_bytes()
    with pytest.raises(NewsroomError, match="never rewritten"):
        writer(tmp_path).write(exchange())
    abandoned = writer(tmp_path, "run-2")
    abandoned.write(exchange())
    with pytest.raises(NewsroomError, match=r"run-2.*still writing to it"):
        writer(tmp_path, "run-2").write(exchange())
    assert (tmp_path / "run-1.warc").read_bytes() == before


def test_threads_share_a_writer_and_a_reader(tmp_path: Path) -> None:
    """Eight threads, three files, a reader that may keep one open: everyone gets their own bytes back."""
    bodies = [f"page {n} ".encode() * (n % 50 + 1) for n in range(300)]
    with writer(tmp_path, "a") as a, writer(tmp_path, "b") as b, writer(tmp_path, "c") as c, ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda n: (a, b, c)[n % 3].write(exchange(bodies[n])), range(300)))
    with ArchiveReader(tmp_path, keep_open=1) as reader, ThreadPoolExecutor(8) as pool:
        assert [stored.content for stored in pool.map(reader.read, refs)] == bodies
    assert all(warcio_is_content(path) for path in tmp_path.iterdir())


def test_all_responses_of_a_file_in_order(awkward: tuple[Path, dict[str, ArchiveRef]]) -> None:
    directory, refs = awkward
    found = list(archive.exchanges(directory / "run-1.warc"))
    assert [ref for ref, _ in found] == list(refs.values())
    assert [stored.body for _, stored in found] == [each.body for each in AWKWARD.values()]
    assert archive.verify(directory) == []


# disks


def test_a_full_disk_is_said_in_words_and_leaves_whole_records(tmp_path: Path) -> None:
    """The system takes a part of a record and then no more: that part goes, the rest stays, and the night can go on once there is room."""
    night = writer(tmp_path)
    first = night.write(exchange())
    path = tmp_path / "run-1.warc.open"
    size = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, hard))
        with pytest.raises(NewsroomError, match=r"run-1\.warc\.open: cannot be written \(File too large\); make room"):
            night.write(exchange())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    second = night.write(exchange(b"there is room again"))
    night.close()
    assert archive.read(tmp_path, first).content == PAGE and archive.read(tmp_path, second).content == b"there is room again"
    assert warcio_is_content(tmp_path / "run-1.warc")


def test_a_disk_that_is_full_from_the_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    night = writer(tmp_path)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        with pytest.raises(NewsroomError, match="make room"):
            night.write(exchange())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
    assert night.write(exchange()).warc_offset > 0


def test_a_directory_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "osce").write_text("a file where the archive should be")
    with pytest.raises(NewsroomError, match=r"osce.*cannot be written"):
        writer(tmp_path / "osce").write(exchange())


# what a crash leaves behind


def test_a_tail_torn_anywhere_is_healed(tmp_path: Path) -> None:
    """For every byte at which the last exchange can end: the whole records stay, readable by us and by warcio, and nothing else."""
    night = writer(tmp_path)
    first, second = night.write(exchange(b"one")), night.write(exchange(b"two"))
    whole = (tmp_path / "run-1.warc.open").read_bytes()
    request_at = whole.index(b"WARC/1.1", second.warc_offset + 1)
    night.close()
    for end in range(second.warc_offset, len(whole) + 1):
        directory = tmp_path / str(end)
        directory.mkdir()
        (directory / "run-1.warc.open").write_bytes(whole[:end])
        [healed] = archive.heal(directory)
        kept = len(whole) if end == len(whole) else request_at if end >= request_at else second.warc_offset
        assert (directory / "run-1.warc").read_bytes() == whole[:kept] and healed.cut_bytes == end - kept and not healed.saved_as
        assert healed.records == whole[:kept].count(b"WARC/1.1\r\n") and [p.name for p in directory.iterdir()] == ["run-1.warc"]
        assert archive.read(directory, first).content == b"one" and archive.heal(directory) == [] and archive.verify(directory) == []
        if end % 50 == 0:
            assert warcio_is_content(directory / "run-1.warc")


def test_a_file_torn_before_its_first_record_ends_is_removed(tmp_path: Path) -> None:
    with writer(tmp_path) as night:
        first = night.write(exchange())
    whole = (tmp_path / "run-1.warc").read_bytes()
    (tmp_path / "run-1.warc").unlink()
    for end in (0, 5, first.warc_offset - 1):
        (tmp_path / "run-1.warc.open").write_bytes(whole[:end])
        assert str(*archive.heal(tmp_path)).startswith("run-1.warc: left behind by a run that died; 0 whole records kept")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lost", ["block of zeros", "hole before the last exchange", "flipped bit in the last response"])
def test_unsynced_writes_lost_in_a_power_cut(tmp_path: Path, lost: str) -> None:
    """What had been synced stays; what no longer matches its digest goes, aside if whole records follow it."""
    night = writer(tmp_path)
    refs = [night.write(exchange(b"%d" % n * 3000)) for n in range(4)]
    night.pause()  # as its end does, it lets go of the file
    path = tmp_path / "run-1.warc.open"
    data = bytearray(path.read_bytes())
    if lost == "block of zeros":
        data += bytes(4096)
    elif lost == "hole before the last exchange":
        data[refs[2].warc_offset + 100 : refs[3].warc_offset - 100] = bytes(refs[3].warc_offset - refs[2].warc_offset - 200)
    else:
        data[refs[3].warc_offset + 1500] ^= 1
    path.write_bytes(data)
    [healed] = archive.heal(tmp_path)
    kept = 4 if lost == "block of zeros" else 2 if lost.startswith("hole") else 3
    assert [archive.read(tmp_path, ref).content for ref in refs[:kept]] == [b"%d" % n * 3000 for n in range(kept)]
    assert archive.verify(tmp_path) == [] and warcio_is_content(tmp_path / "run-1.warc")
    for ref in refs[kept:]:
        with pytest.raises(Damaged):
            archive.read(tmp_path, ref)
    if lost != "block of zeros":
        assert healed.saved_as == "run-1.warc.cut" and "saved as run-1.warc.cut" in str(healed)
        assert (tmp_path / "run-1.warc").read_bytes() + (tmp_path / "run-1.warc.cut").read_bytes() == data


def test_writers_take_turns_in_one_file(tmp_path: Path) -> None:
    """One appends where the other paused; what a third, which died, left behind its last whole record is cut."""
    first = writer(tmp_path)
    refs = [first.write(exchange(b"one"))]
    second = writer(tmp_path, end=first.pause())
    refs.append(second.write(exchange(b"two")))
    end = second.pause()
    path = tmp_path / "run-1.warc.open"
    assert end == path.stat().st_size
    path.write_bytes(path.read_bytes() + b"WARC/1.1\r\nWARC-Ty")
    with writer(tmp_path, end=end) as third:
        refs.append(third.write(exchange(b"three")))
    assert [archive.read(tmp_path, ref).content for ref in refs] == [b"one", b"two", b"three"]
    assert archive.verify(tmp_path) == [] and warcio_is_content(tmp_path / "run-1.warc")


def test_paused_files_get_their_names_and_torn_ones_are_healed(tmp_path: Path) -> None:
    """At the end of a run: what ends where its writer paused needs no second look."""
    whole, torn = writer(tmp_path), writer(tmp_path, "run-1.w1")
    for each in (whole, torn):
        each.write(exchange())
    ends = {"run-1.warc": whole.pause(), "run-1.w1.warc": torn.pause()}
    with (tmp_path / "run-1.w1.warc.open").open("ab") as file:
        file.write(b"WARC/1.1")
    [healed] = archive.finish(tmp_path, "run-1*", ends)
    assert (healed.warc_file, healed.cut_bytes) == ("run-1.w1.warc", 8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run-1.w1.warc", "run-1.warc"]


def test_nothing_is_mended_under_a_living_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that outlived its run still writes: healing waits for it, and says so if it does not end."""
    monkeypatch.setattr(archive, "_ORPHAN_SECONDS", 0.2)
    orphan = writer(tmp_path)
    orphan.write(exchange())
    with pytest.raises(NewsroomError, match="another process is still writing to it"):
        archive.heal(tmp_path)
    orphan.pause()
    assert len(archive.heal(tmp_path)) == 1


def test_kill_9_in_the_middle_of_a_night(tmp_path: Path) -> None:
    """Every reference that was told before the kill can be read after healing."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.test_archive import exchange, writer
        night = writer(Path(sys.argv[1]))
        for n in range(1_000_000):
            print(night.write(exchange(b"%d " % n * 500)).warc_offset, flush=True)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(60)]
    child.kill()
    told += [int(line) for line in child.stdout if line.endswith("\n")]
    child.wait()
    archive.heal(tmp_path)
    with ArchiveReader(tmp_path) as reader:
        for n, offset in enumerate(told):
            assert reader.read(ArchiveRef("run-1.warc", offset)).content == b"%d " % n * 500
    assert archive.verify(tmp_path) == []


def test_two_files_of_one_name_are_left_to_a_person(tmp_path: Path) -> None:
    with writer(tmp_path) as night:
        night.write(exchange())
    (tmp_path / "run-1.warc.open").write_bytes(b"")
    with pytest.raises(Damaged, match=r"run-1\.warc is there too"):
        archive.heal(tmp_path)


# damage


def test_any_flipped_byte_of_a_record_is_noticed(tmp_path: Path) -> None:
    """Bit rot is an error in words that names file and place, or does not reach what is read; never another page."""
    with writer(tmp_path) as night:
        ref = night.write(exchange(b"short"))
    path = tmp_path / "run-1.warc"
    whole = path.read_bytes()
    end = whole.index(b"WARC/1.1", ref.warc_offset + 1)
    noticed = 0
    for position in range(ref.warc_offset, end):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            assert archive.read(tmp_path, ref).content == b"short"
        except Damaged as error:
            noticed += 1
            assert str(error).startswith(f"{path} at {ref.warc_offset}: ") and "restore" in str(error) and "\n" not in str(error)
    assert noticed > whole[ref.warc_offset : end].index(b"\r\n\r\n") / 4


def test_references_that_lead_nowhere(tmp_path: Path) -> None:
    with writer(tmp_path) as night:
        ref = night.write(exchange())
    with pytest.raises(Damaged, match=r"gone\.warc: the archive file is missing; restore"):
        archive.read(tmp_path, ArchiveRef("gone.warc", 0))
    for offset, words in (
        (0, "a record of type 'warcinfo', not a response"),
        (ref.warc_offset + 1, "no WARC record begins"),
        (10**9, "no WARC record"),
    ):
        with pytest.raises(Damaged, match=words):
            archive.read(tmp_path, ArchiveRef("run-1.warc", offset))


def test_verify_names_every_damaged_file(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        with writer(tmp_path, name) as night:
            ref = night.write(exchange())
    for name, cut in (("a", 3), ("c", 900)):
        data = (tmp_path / f"{name}.warc").read_bytes()
        (tmp_path / f"{name}.warc").write_bytes(data[:-cut])
    problems = archive.verify(tmp_path)
    assert [problem.split(" at ")[0] for problem in problems] == [str(tmp_path / "a.warc"), str(tmp_path / "c.warc")]
    assert f"at {ref.warc_offset}: the record is cut short" in problems[1]
