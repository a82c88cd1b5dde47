"""An opened instance, as commands, servers and pages of the administration get it."""

from dataclasses import dataclass

from courses.kinds import CourseKinds
from kernel.crypto import SigningKeys
from kernel.db import Database
from kernel.files import FileStore
from kernel.outbox import JobRunner
from kernel.settings import Settings
from kernel.site_profile import PresentSettings, SiteProfiles


@dataclass(frozen=True, slots=True)
class Instance:
    """An opened instance: its settings, database, files and keys, and who handles its jobs."""

    settings: Settings
    database: Database
    files: FileStore
    keys: SigningKeys
    worker: JobRunner
    kinds: CourseKinds
    present: SiteProfiles

    @property
    def present_settings(self) -> PresentSettings:
        """Return the settings in force now."""
        return self.present(self.settings)
