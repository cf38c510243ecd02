"""One connection: what comes back is kept as it came, and nothing takes for ever."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.client import Client, Common
from florilegium.pipelines.crawl.dial import UnreachableError
from florilegium.pipelines.crawl.settings import Crawl, Limits, Network
from florilegium.pipelines.crawl.warc_records import payload_of
from florilegium.pipelines.crawl.wire import BrokenError

PAGE = b"HTTP/1.1 200 OK\r\nConTent-Length: 5\r\n\r\nhello"


@asynccontextmanager
async def host(answers, secure=None):
    """A host that gives these answers, one a request, over any number of connections."""
    left, seen = list(answers), []

    async def serve(reader, writer):
        try:
            while left:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
                answer = left.pop(0)
                if answer is None:
                    break
                for piece in answer if isinstance(answer, list) else [answer]:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.01)
                if b"".join(answer if isinstance(answer, list) else [answer])[:8] == b"HTTP/1.0":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=secure)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()


def asked(answers, number=1, scheme="http", name="127.0.0.1", secure=None, **network):
    """What comes of asking a host so many times, and what it saw."""
    chosen = Crawl(
        contact="https://c.example/",
        delay=0.0,
        limits=Limits(bytes=20_000, head=2_000, idle_seconds=0.4, seconds=1.0, connect_seconds=2.0),
        network=Network(ports=(), open=("127.0.0.0/8",), **network),
    )

    async def ask():
        async with host(answers, secure) as (port, seen):
            common = Common(chosen, "Test/1 (+https://c.example/)", asyncio.Event())
            sweeping = asyncio.create_task(common.sweep(0.05))
            client = Client(common)
            url = urls.read(f"{scheme}://{name}:{port}/a?b")
            found = []
            try:
                for _ in range(number):
                    try:
                        found.append((await client.get(url)).response)
                    except (BrokenError, UnreachableError) as error:
                        found.append(str(error))
            finally:
                client.close()
                sweeping.cancel()
            return found, seen

    return asyncio.run(ask())


def test_a_connection_serves_one_request_after_the_other():
    (first, second), seen = asked([PAGE, PAGE], number=2)
    assert first.raw == second.raw == PAGE
    assert first.head == PAGE.index(b"hello")
    assert len(seen) == 2
    assert seen[0].startswith(b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nUser-Agent: Test/1 (+https://c.example/)\r\n" in seen[0]
    assert b"ookie" not in seen[0]


@pytest.mark.parametrize(
    ("raw", "payload"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 200 OK\r\nX: y\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-LENGTH:   2\r\nA: 1\r\nA: 2\r\n\r\nok", b"ok"),
    ],
)  # fmt: skip
def test_what_comes_is_kept_byte_for_byte_however_it_is_cut_up(raw, payload):
    for pieces in ([raw], [raw[at : at + 7] for at in range(0, len(raw), 7)]):
        (found, _), _ = asked([pieces, None], number=2)
        assert found.raw == raw
        assert found.truncated == ""
        assert payload_of(found) == payload


def test_an_interim_response_is_not_the_response():
    (found,), _ = asked([b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + PAGE])
    assert found.raw == PAGE
    assert found.status == 200


@pytest.mark.parametrize(
    ("answer", "truncated"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"x" * 30_000, "length"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", b""], "time"),
        ([PAGE[:-1], None], "disconnect"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "unspecified"),
    ],
)
def test_a_response_that_has_no_end_is_cut_off(answer, truncated):
    gone = truncated == "disconnect"
    answers = [answer[0]] if gone else [answer, None]
    (found,), _ = asked(answers)
    assert found.truncated == truncated
    assert len(found.raw) <= 20_000
    assert found.raw.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "closed before a response"),
        (b"\0\1\2 what is this\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000, "the head does not end"),
        ([b"HTTP/1.1 200", b""], "timeout"),
    ],
)
def test_what_is_no_response_is_a_problem_with_a_name(answer, problem):
    (found,), _ = asked([answer, None])
    assert problem in found


def test_bytes_after_a_response_end_the_connection_and_are_not_kept():
    (first, second), seen = asked([PAGE + PAGE, PAGE], number=2)
    assert first.raw == PAGE
    assert second.raw == PAGE
    assert len(seen) == 2


def test_a_connection_that_was_closed_while_it_rested_is_opened_again():
    (first, second), _ = asked([PAGE, None, PAGE], number=2)
    assert first.raw == second.raw == PAGE


def certificate(folder, name):
    """A certificate for a name, and its key, that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return str(pem), context


def test_tls_is_verified_and_what_is_kept_is_the_http_within(tmp_path):
    authority, secure = certificate(tmp_path, "a.example")
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 a.example b.example")
    known = {"scheme": "https", "secure": secure, "hosts": str(hosts)}
    (found,), _ = asked([PAGE], name="a.example", authorities=authority, **known)
    assert found.raw == PAGE
    (found,), _ = asked([PAGE], name="b.example", authorities=authority, **known)
    assert found.startswith("TLS: ")
    (found,), _ = asked([PAGE], name="a.example", **known)
    assert found.startswith("TLS: ")
