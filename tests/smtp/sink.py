"""A real SMTP server for the tests: STARTTLS and TLS with a certificate of its own authority, sign-in required.

usage: python sink.py FOLDER
Prints the ports as JSON once it listens: "starttls" and "tls", and servers nobody should send through: with certificates
that ended, are for another name or are signed by nobody known, with old TLS, with a reply slipped in before TLS, and with
endless questions at sign-in. Writes ca.pem, each accepted mail as a line of mails.jsonl, and each sign-in of the first
two as a line of sign-ins.
"""

import asyncio
import datetime
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FOLDER = pathlib.Path(sys.argv[1])
USER, PASSWORD = b"mailer", b"s@cret"
GOOD = None


def certificate(name, authority=None, host="localhost", age=datetime.timedelta(hours=1)):
    """A certificate for a host signed by (certificate, key), or an authority signed by itself. It is good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority[0].subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - age)
        .not_valid_after(now - age + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(authority[1] if authority else key, hashes.SHA256()), key


def tls_context(authority, **how):
    server, key = certificate("localhost", authority, **how)
    pem = serialization.Encoding.PEM
    (FOLDER / "server.pem").write_bytes(
        server.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem")
    return context


def authenticate(server, session, envelope, mechanism, data):
    with open(FOLDER / "sign-ins", "a", encoding="utf8") as attempts:
        attempts.write(data.login.decode() + "\n")
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "signed_in": bool(session.authenticated),
            "subject": mail["Subject"],
            "text": mail.get_body(("plain",)).get_content(),
            "html": mail.get_body(("html",)).get_content(),
        }
        with open(FOLDER / "mails.jsonl", "a", encoding="utf8") as mails:
            mails.write(json.dumps(line) + "\n")
        return "250 2.0.0 queued"


async def slip_in(reader, writer):
    """Says more than it should before TLS begins."""
    writer.write(b"220 post.example\r\n")
    await reader.readline()
    writer.write(b"250-post.example\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
    await reader.readline()
    writer.write(b"220 go on\r\n250 slipped in\r\n")
    await writer.drain()
    await writer.start_tls(GOOD)
    replies = {b"EHLO": b"250-post.example\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 welcome\r\n", b"DATA": b"354 go on\r\n"}
    await answer(reader, writer, replies)


async def ask_on(reader, writer):
    """Never has enough of a sign-in."""
    writer.write(b"220 post.example\r\n")
    await answer(reader, writer, {b"EHLO": b"250-post.example\r\n250 AUTH LOGIN\r\n"}, b"334 VXNlcm5hbWU6\r\n")


async def answer(reader, writer, replies, else_reply=b"250 ok\r\n"):
    while line := await reader.readline():
        writer.write(replies.get(line[:4], else_reply))
    writer.close()


async def main():
    global GOOD
    authority = certificate("Test mail authority")
    (FOLDER / "ca.pem").write_bytes(authority[0].public_bytes(serialization.Encoding.PEM))
    context = GOOD = tls_context(authority)
    old = tls_context(authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    bad = {
        "ended": tls_context(authority, age=datetime.timedelta(days=3)),
        "another-name": tls_context(authority, host="mail.example.net"),
        "nobody": tls_context(certificate("Another authority")),
        "old": old,
    }
    signed_in = {"hostname": "localhost", "authenticator": authenticate, "auth_required": True}
    loop = asyncio.get_running_loop()
    starttls = await loop.create_server(
        lambda: SMTP(Mailbox(), tls_context=context, require_starttls=True, **signed_in), "127.0.0.1", 0
    )
    # aiosmtpd does not know that a session is protected from its first byte.
    tls = await loop.create_server(
        lambda: SMTP(Mailbox(), auth_require_tls=False, **signed_in), "127.0.0.1", 0, ssl=context
    )
    servers = {"starttls": starttls, "tls": tls}
    servers["slipped-in"] = await asyncio.start_server(slip_in, "127.0.0.1", 0)
    servers["endless"] = await asyncio.start_server(ask_on, "127.0.0.1", 0, ssl=context)
    for name, unfit in bad.items():
        servers[name] = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=unfit)
    print(json.dumps({name: server.sockets[0].getsockname()[1] for name, server in servers.items()}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
