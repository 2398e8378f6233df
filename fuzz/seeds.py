#!/usr/bin/env python3
"""Writes the first inputs of every fuzz target into folders below the one given."""
import base64
import gzip
import io
import json
import pathlib
import string
import sys
import tarfile
import zipfile
import zlib

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase

root = pathlib.Path(sys.argv[1])
nuspec = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata minClientVersion="4.1">
<id>A</id><version>1.2.3-beta.1+x</version><authors>ada</authors><description>a &amp; &#65; <![CDATA[b]]></description>
<license type="expression">MIT</license><projectUrl>https://example.com</projectUrl><tags>a b</tags>
<packageTypes><packageType name="T"/></packageTypes><dependencies><group targetFramework="net8.0">
<dependency id="B" version="[1.0, 2.0)" include="All"/></group></dependencies></metadata></package>"""


def archive(method, piped):
    """A package, written to a pipe (with data descriptors) or to a file."""
    out = io.BytesIO()
    if piped:
        out.seekable = lambda: False
    with zipfile.ZipFile(out, "w", method) as package:
        package.writestr("A.nuspec", nuspec)
        package.writestr("lib/a.txt", "abc" * 9)
    return out.getvalue()


def secret(text):
    """A well-formed secret: the text and its CRC-32 in six base-62 digits."""
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = DIGITS[digit] + digits
    return text + digits


def tarball(form):
    """An npm package as an archive that is not compressed, with a path too long for its header."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as package:
        for path, content in ("package/package.json", b'{"name":"a","version":"1.0.0"}'), (f"package/{'b' * 120}", b"b"):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def document(data, **more):
    """What npm puts to publish a@1.0.0."""
    version = {"name": "a", "version": "1.0.0", "dist": {"shasum": "x"}}
    attachments = {"a-1.0.0.tgz": {"data": data, "length": 3}, **more}
    return json.dumps({"_id": "a", "name": "a", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}, "_attachments": attachments})


def proof(**more):
    """A proof for a registry, with a signature of nobody."""
    claims = {"iss": "latchkey", "sub": "ada/1", "aud": "registry", "exp": 1, "access": [{"type": "repository", "name": "main/app", "actions": ["pull"]}]}
    parts = (json.dumps({"typ": "JWT", "alg": "ES256", "kid": "AAAA"}), json.dumps({**claims, **more}), "x" * 64)
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


tarballs = [tarball(form) for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)[1:]]
seeds = {
    "npm_tarball": [*tarballs, *(gzip.compress(archive) for archive in tarballs)],
    "npm_document": [
        document(base64.b64encode(b"abc").decode()),
        document("AAA=", **{"a-1.0.0.sigstore": {"data": "{}"}}).replace("/", "\\/"),
        '{"_attachments":{"a.tgz":{"data":"AA"',
    ],
    "container_proof": [proof(), proof(key="AAAA"), proof(access=[])],
    "container_scope": [
        "repository:main/app:pull,push\nrepository(plugin):main/a:*+registry:catalog:*",
        "/v2/main/app/manifests/v1\n/v2/main/app/blobs/uploads/?mount=sha256:a&from=main/b\n/v2/_catalog\n/v2/main%2fapp/tags/list",
    ],
    "authorization": ["Basic Og==", "Basic " + base64.b64encode(b"api:lk_secret").decode(), "bearer lk_secret", "lk_secret", "Basic !"],
    "key_string": ["lk_", "lk_" + "a" * 46, secret("lk_" + "a1B2c3D4e5" * 4)],
    "pattern": ["*Contoso.Core", "Contoso.*Contoso.Core", "@team/*@team/ui", "a*b*caxbxc"],
    "version": ["1.0.0-beta.1+x1.0", "1.2.3.41.2.3", "01.0-a1.0.0-A"],
    "nuspec": [nuspec, nuspec.encode("utf-16"), "<package><metadata><id>A</id><version>1</version></metadata></package>"],
    "nupkg": [archive(method, piped) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for piped in (False, True)],
}
for target, inputs in seeds.items():
    folder = root / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(inputs):
        (folder / str(number)).write_bytes(content.encode() if isinstance(content, str) else content)
