"""Every error that Cited raises on purpose.

    CitedError
    ├── IngestError        a source cannot become a document
    │   ├── SourceMissing      nothing is there, or it may not be read
    │   │   └── SourceUnreachable  another server does not give it
    │   ├── SourceUnreadable   something is there, and it is not text that any reader reads
    │   │   └── AddressRefused     an address that may not be fetched from
    │   └── SourceTooLarge     more than the limit
    ├── LibraryError       the library cannot do what was asked
    │   ├── LibraryBusy        another process owns it
    │   ├── LibraryMismatch    built with another model or passage scheme
    │   ├── LibraryDamaged     a part of it cannot be read
    │   ├── LibraryFull        there is no room on its disk
    │   ├── LibraryReadOnly    it can be read, and not changed
    │   └── DocumentUnknown    no document of that id or title
    ├── QuestionError      a question that cannot be asked (empty, too long)
    ├── ModelError         weights that cannot be loaded
    ├── AccessDenied       whoever asks may not do that
    │   └── NotLoggedIn        nobody knows who asks
    ├── LanguageModelError an endpoint that is down, refuses, or knows no such model
    ├── SettingsError      a setting that is unknown or makes no sense
    ├── ClusterError       a Ray cluster that cannot be reached, or does not work
    └── EvaluationError    an evaluation set or results file that is wrong; says file and line

A message says what happened, to what, and what to do. Errors of other libraries are translated where
that library is called, `raise X from error`.
"""

# ruff: noqa: N818  (a name says what happened, as KeyboardInterrupt does)


class CitedError(Exception):
    """Base of all; str() is a message for the person at the keyboard."""

    @classmethod
    def code(cls) -> str:
        """The name for programs: document-unknown."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")


class IngestError(CitedError):
    """A source cannot become a document."""


class SourceMissing(IngestError):
    """There is nothing at the path, or it may not be read."""


class SourceUnreachable(SourceMissing):
    """Another server cannot be reached, does not answer in time, or does not give the page."""


class SourceUnreadable(IngestError):
    """There is a source, and it is not text that a reader here reads."""


class AddressRefused(SourceUnreadable):
    """The address is one of this machine or of a private network."""


class SourceTooLarge(IngestError):
    """The source is larger than the limit."""


class LibraryError(CitedError):
    """The library cannot do what was asked of it."""


class LibraryBusy(LibraryError):
    """Another process owns the library."""


class LibraryMismatch(LibraryError):
    """The library was built with another embedding model or passage scheme."""


class LibraryDamaged(LibraryError):
    """A part of the library cannot be read."""


class LibraryFull(LibraryError):
    """There is no room for the change on the library's disk."""


class LibraryReadOnly(LibraryError):
    """The library may be read here, and not changed."""


class DocumentUnknown(LibraryError):
    """No document in the library has that id, title or source."""


class QuestionError(CitedError):
    """A question that cannot be asked."""


class ModelError(CitedError):
    """Model weights that cannot be loaded."""


class AccessDenied(CitedError):
    """Whoever asks may not do that, or not there."""


class NotLoggedIn(AccessDenied):
    """A name and password that do not fit, or none where there must be."""


class LanguageModelError(CitedError):
    """A language model cannot be asked, or broke off while it wrote."""


class SettingsError(CitedError):
    """A setting that is unknown or makes no sense."""


class ClusterError(CitedError):
    """A cluster that is not there, has no room, or whose workers are of another kind."""


class EvaluationError(CitedError):
    """An evaluation set or a results file that is wrong; the message names file and line."""
