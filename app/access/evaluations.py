"""Evaluations for those who see the whole library: a run quotes documents of every collection."""

from collections.abc import Sequence
from pathlib import Path

from app.access.audit import Audit
from app.access.principal import current, require_editor, require_everything, require_login
from app.chat.evaluations import Evaluations, Results, Run, State


class GuardedEvaluations:
    """Evaluations as the principal of now may see and start them."""

    def __init__(self, inner: Evaluations, audit: Audit) -> None:
        self.inner = inner
        self.audit = audit

    def sets(self) -> Sequence[str]:
        """Names of the sets; of someone who sees a part of the library, none that is one."""
        require_login()
        return self.inner.sets() if current().collections is None else ("–",)

    def add_set(self, file: Path) -> str:
        """As inner; for editors."""
        self._may_change()
        name = self.inner.add_set(file)
        self.audit.note("add set", name)
        return name

    def start(self, name: str) -> bool:
        """As inner; for editors."""
        self._may_change()
        started = self.inner.start(name)
        self.audit.note("start evaluation", name, "ok" if started else "another is under way")
        return started

    def stop(self) -> None:
        """As inner; for editors."""
        self._may_change()
        self.inner.stop()
        self.audit.note("stop evaluation")

    def state(self) -> State:
        """As inner; of someone who sees a part of the library, that nothing goes on."""
        require_login()
        return self.inner.state() if current().collections is None else State()

    def runs(self) -> Sequence[Run]:
        """As inner; of someone who sees a part of the library, none."""
        require_login()
        return self.inner.runs() if current().collections is None else ()

    def others(self, run: str) -> Sequence[str]:
        """As inner."""
        require_everything()
        return self.inner.others(run)

    def results(self, run: str, against: str) -> Results:
        """As inner."""
        require_everything()
        return self.inner.results(run, against)

    def report(self, run: str) -> Path:
        """As inner."""
        require_everything()
        return self.inner.report(run)

    def _may_change(self) -> None:
        require_editor()
        require_everything()
