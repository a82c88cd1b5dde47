"""An opened instance, as commands, servers and pages of the administration get it."""

from dataclasses import dataclass

from courses.kinds import CourseKinds
from kernel.crypto import SigningKeys, signing_keys
from kernel.db import Database
from kernel.files import FileStore
from kernel.keys import SealKeys, seal_keys
from kernel.outbox import JobRunner
from kernel.settings import Settings
from kernel.site_profile import PresentSettings, SiteProfiles


@dataclass(frozen=True, slots=True)
class Instance:
    """An opened instance: its settings, database and files, and who handles its jobs."""

    settings: Settings
    database: Database
    files: FileStore
    worker: JobRunner
    kinds: CourseKinds
    present: SiteProfiles

    @property
    def keys(self) -> SigningKeys:
        """Return the keys that sign, as their files are now."""
        return signing_keys(self.settings.data_dir)

    @property
    def seal_keys(self) -> SealKeys:
        """Return the keys that seal PDF files, as their files are now."""
        return seal_keys(self.settings.data_dir, self.settings.institution_name)

    @property
    def present_settings(self) -> PresentSettings:
        """Return the settings in force now."""
        return self.present(self.settings)
