"""The place where the server will be: sockets that are ours and do not listen yet, and TLS.

Taken before anything slow is loaded, so that a port in use or a certificate past its time is told at once;
nobody can connect until the server listens. Every failure is a SettingsError in words.
"""

import errno
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SettingsError

NOT_YET, NO_MORE = 9, 10
"""OpenSSL's verdicts on a certificate's time: X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""`localhost` names ::1, too, where IPv6 may be off."""


@dataclass(frozen=True, slots=True)
class Listening:
    """address: for people, as "http://127.0.0.1:7860". unix: the path, of a Unix socket."""

    sockets: tuple[socket.socket, ...]
    address: str
    tls: ssl.SSLContext | None = None
    unix: Path | None = None

    def begin(self, waiting: int) -> None:
        """Listen, for so many who wait. Not left to the event loop: uvloop loses the error of a port that
        another process has bound, too, and was first to listen at."""
        for one in self.sockets:
            try:
                one.listen(waiting)
            except OSError as error:
                raise untaken(error, self.address) from error

    def close(self) -> None:
        """Let go of the place."""
        for one in self.sockets:
            one.close()
        if self.unix:
            self.unix.unlink(missing_ok=True)


def listen(
    host: str,
    port: int,
    *,
    unix: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Listening:
    """Take a host's port (0: any that is free), or a Unix socket in its place. certificate, key: PEM files
    for TLS; the key may stand in the certificate's file."""
    if key and not certificate:
        raise SettingsError(f"the key {key} lacks its certificate; give --certificate, too")
    tls = tls_context(certificate, key) if certificate else None
    if unix:
        return Listening((_unix_socket(unix),), f"the socket {unix}", tls, unix)
    sockets = _sockets(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"{'https' if tls else 'http'}://{name}:{sockets[0].getsockname()[1]}"
    return Listening(sockets, address, tls)


def untaken(error: OSError, place: str) -> SettingsError:
    """Why a place cannot be had, in words."""
    if error.errno == errno.EADDRINUSE:
        why = "another process listens there; end it, or choose another place"
    elif error.errno in (errno.EACCES, errno.EPERM):
        why = "this user may not; choose a port above 1023, or a folder of its own for a socket"
    elif error.errno == errno.EADDRNOTAVAIL:
        why = "this machine has no such address; choose another --host"
    else:
        why = error.strerror or str(error)
    return SettingsError(f"cannot listen at {place}: {why}")


def _sockets(host: str, port: int) -> tuple[socket.socket, ...]:
    """Bound to every address of the host, all at one port."""
    place = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise SettingsError(f"there is no host {host!r} to listen at; try --host 127.0.0.1") from error
    taken: list[socket.socket] = []
    absent: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            taken.append(_bound(family, kind, protocol, (address[0], port, *address[2:])))
            port = taken[0].getsockname()[1]
        except OSError as error:
            if error.errno in ABSENT:
                absent = error
                continue
            for other in taken:
                other.close()
            raise untaken(error, place) from error
    if absent and not taken:
        raise untaken(absent, place) from absent
    return tuple(taken)


def _bound(family: int, kind: int, protocol: int, address: tuple) -> socket.socket:
    one = socket.socket(family, kind, protocol)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # "::" is every address of IPv6, and leaves those of IPv4 alone
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one


def _unix_socket(path: Path) -> socket.socket:
    """Bound to the path, for the owner and the group. What a process that is gone has left is removed."""
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
                if asking.connect_ex(str(path)) == errno.ECONNREFUSED:
                    path.unlink()
        one.bind(str(path))
        path.chmod(0o660)
    except OSError as error:
        one.close()
        raise untaken(error, f"the socket {path}") from error
    return one


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and later with this certificate and its chain. Raises SettingsError for files that cannot be
    read, are no PEM or do not belong together, and for a certificate outside its time."""
    for file, what in ((certificate, "CERTIFICATE"), (key or certificate, "PRIVATE KEY")):
        try:
            text = file.read_bytes().decode("ascii", "replace")
        except OSError as error:
            raise SettingsError(f"the file {file} cannot be read: {error.strerror}") from error
        if f"{what}-----" not in text:
            raise SettingsError(f"the file {file} holds no {what} in PEM (-----BEGIN … {what}-----)")
        if "ENCRYPTED" in text:
            raise SettingsError(f"the key {file} has a password; the server needs one without")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SettingsError(
                f"the key {key} is not that of the certificate {certificate}; the first certificate in the "
                "file must be the server's own"
            ) from error
        raise SettingsError(f"{certificate} and its key cannot be used for TLS: {error}") from error
    if verdict := _time_verdict(context, certificate):
        raise SettingsError(f"the certificate {certificate} {verdict}; renew it, or look at the clock")
    return context


def _time_verdict(context: ssl.SSLContext, certificate: Path) -> str | None:
    """What is wrong with a certificate's time: found by a handshake in memory, with a client that trusts
    nothing but this certificate, for Python reads none but a peer's."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    answering = context.wrap_bio(there, back, server_side=True)
    try:
        for side in (asking, answering, asking):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    except ssl.SSLCertVerificationError as error:
        return {NOT_YET: "is not valid yet", NO_MORE: "has expired"}.get(error.verify_code)
    return None
