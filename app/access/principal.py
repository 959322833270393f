"""Who asks, and through which interface. Context variables say it, for each request; whatever checks it looks
here.

Where there is no access control, everybody is the local owner. While a guard stands before an interface
(`closed`), a thread or task that no request began is nobody, and sees and may change nothing: work that a
request hands to a thread takes its context along, with `contextvars.copy_context().run`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import Literal, Protocol

from ingest.errors import AccessDenied, NotLoggedIn

Role = Literal["reader", "editor"]
ROLES: tuple[Role, ...] = ("reader", "editor")
KEY = "cited.principal"
"""Under which the guard leaves the principal in an ASGI scope, for what runs outside of its context."""


@dataclass(frozen=True, slots=True)
class Principal:
    """name: of the user. collections: that may be seen beside everyone's, None for all."""

    name: str
    role: Role
    collections: frozenset[str] | None

    @property
    def sees(self) -> frozenset[str] | None:
        """The collections in sight, None for all. Everyone's is named ""."""
        return None if self.collections is None else self.collections | {""}


LOCAL_OWNER = Principal("(local owner)", "editor", None)
NOBODY = Principal("(nobody)", "reader", frozenset())
"""These are no names that a user can have."""
_asking: ContextVar[Principal | None] = ContextVar("principal", default=None)
_address: ContextVar[str] = ContextVar("address", default="")
_interface: ContextVar[str] = ContextVar("interface", default="page")
_guards = 0
_lock = Lock()


class HasScope(Protocol):
    """A request, of Starlette or of Gradio."""

    @property
    def scope(self) -> Mapping:
        """Its ASGI scope."""


def current() -> Principal:
    """Who asks."""
    return _asking.get() or (NOBODY if _guards else LOCAL_OWNER)


def current_address() -> str:
    """From where, "" for this machine's command line."""
    return _address.get()


def current_interface() -> str:
    """Through what: "page" where nothing else was said."""
    return _interface.get()


def visible_collections() -> frozenset[str] | None:
    """The collections that whoever asks may see, None for all."""
    principal = current()
    return frozenset() if principal is NOBODY else principal.sees


def require_login() -> None:
    """Raises NotLoggedIn where nobody knows who asks."""
    if current() is NOBODY:
        raise NotLoggedIn("nobody is logged in here; log in, or send an API key")


def require_editor() -> None:
    """Raises AccessDenied, and NotLoggedIn where nobody knows who asks."""
    require_login()
    principal = current()
    if principal.role != "editor":
        raise AccessDenied(f"{principal.name} may read and ask; changing anything takes the role editor")


def require_everything() -> None:
    """Raises AccessDenied for someone who does not see all collections."""
    require_login()
    principal = current()
    if principal.collections is not None:
        raise AccessDenied(f"this is about the whole library, and {principal.name} sees a part of it")


@contextmanager
def acting_as(principal: Principal, address: str = "") -> Iterator[None]:
    """Whatever is done inside is done by this principal."""
    before, at = _asking.set(principal), _address.set(address)
    try:
        yield
    finally:
        _address.reset(at)
        _asking.reset(before)


@contextmanager
def asking_through(interface: str) -> Iterator[None]:
    """Whatever is asked inside is asked through this interface."""
    before = _interface.set(interface)
    try:
        yield
    finally:
        _interface.reset(before)


@contextmanager
def acting_for(request: HasScope) -> Iterator[None]:
    """The same for a request that the guard let through, where a queue has lost its context."""
    principal = request.scope.get(KEY)
    client = request.scope.get("client") or ("",)
    if principal is None:
        yield
    else:
        with acting_as(principal, client[0]):
            yield


@contextmanager
def closed() -> Iterator[None]:
    """From now on, who is not known is nobody."""
    global _guards
    with _lock:
        _guards += 1
    try:
        yield
    finally:
        with _lock:
            _guards -= 1
