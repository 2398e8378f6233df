"""A real SMTP server for the tests: STARTTLS and TLS with a certificate of its own authority, sign-in required.

usage: python sink.py FOLDER
Prints "STARTTLS-PORT TLS-PORT" once it listens. Writes ca.pem, and each accepted mail as a line of mails.jsonl.
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


def certificate(name, authority=None):
    """A certificate for localhost signed by (certificate, key), or an authority signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority[0].subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    if authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(authority[1] if authority else key, hashes.SHA256()), key


def tls_context():
    authority = certificate("Test mail authority")
    server, key = certificate("localhost", authority)
    pem = serialization.Encoding.PEM
    (FOLDER / "ca.pem").write_bytes(authority[0].public_bytes(pem))
    (FOLDER / "server.pem").write_bytes(
        server.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem")
    return context


def authenticate(server, session, envelope, mechanism, data):
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


async def main():
    context = tls_context()
    signed_in = {"hostname": "localhost", "authenticator": authenticate, "auth_required": True}
    loop = asyncio.get_running_loop()
    starttls = await loop.create_server(
        lambda: SMTP(Mailbox(), tls_context=context, require_starttls=True, **signed_in), "127.0.0.1", 0
    )
    # aiosmtpd does not know that a session is protected from its first byte.
    tls = await loop.create_server(
        lambda: SMTP(Mailbox(), auth_require_tls=False, **signed_in), "127.0.0.1", 0, ssl=context
    )
    print(*(server.sockets[0].getsockname()[1] for server in (starttls, tls)), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
